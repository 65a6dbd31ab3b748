"""The executor leaves an ordinary Examples artifact, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.config import IngestConfig, SplitRule
from tfline.components.example_gen.example_proto import example_protos
from tfline.components.example_gen.executor import Executor
from tfline.transforms.errors import DataError, TflineError, WorkFolderError

ROWS = [{"x": number} for number in range(100)]


def run(config: IngestConfig, uri: Path) -> standard_artifacts.Examples:
    """Runs the executor and returns its artifact."""
    uri.mkdir()
    examples = standard_artifacts.Examples()
    examples.uri = str(uri)
    properties = {"config": config.model_dump_json(), "fingerprint": "any"}
    Executor().Do({}, {"examples": [examples]}, properties)
    return examples


def test_given_splits_become_the_splits_of_the_artifact(
    write_examples: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train, evaluation = write_examples("a", ROWS), write_examples("b", ROWS[:7], compress=True)
    config = IngestConfig(
        payload="tf_example", splits={"train": (str(train),), "eval": (str(evaluation),)}
    )
    with caplog.at_level(logging.INFO, "tfline.summary"):
        examples = run(config, tmp_path / "out")
    assert artifact_utils.decode_split_names(examples.split_names) == ["train", "eval"]
    assert examples.get_int_custom_property("records_train") == 100
    assert examples.get_int_custom_property("records_eval") == 7
    placed = Path(artifact_utils.get_split_uri([examples], "eval"))
    assert [path.name for path in placed.iterdir()] == ["data_tfrecord-00000-of-00001.gz"]
    summary = [r.message for r in caplog.records if r.name == "tfline.summary"]
    assert summary == ["100 train, 7 eval records, 0.0 MB"]


def test_records_that_stand_in_two_splits_are_counted(
    write_examples: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"x": number} for number in range(20)]
    train, evaluation = write_examples("train", rows[:15]), write_examples("eval", rows[12:])
    config = IngestConfig(
        payload="tf_example", splits={"train": (str(train),), "eval": (str(evaluation),)}
    )
    with caplog.at_level("INFO"):
        examples = run(config, tmp_path / "examples")
    assert examples.get_int_custom_property("repeated_eval") == 3
    assert "3 of 8 records of the eval split stand in the train split, too" in caplog.text


def test_files_are_divided_by_the_rule(write_examples: Callable[..., Path], tmp_path: Path) -> None:
    rule = SplitRule(fractions={"train": 0.8, "eval": 0.2}, by="time", feature="x")
    files = (str(write_examples("a", ROWS)),)
    examples = run(IngestConfig(payload="tf_example", files=files, split=rule), tmp_path / "out")
    assert artifact_utils.decode_split_names(examples.split_names) == ["train", "eval"]
    assert examples.get_int_custom_property("records_train") == 80
    assert examples.get_int_custom_property("records_eval") == 20


CHOICE = [{"x": number, "kind": "ab"[number % 2], "when": float(number)} for number in range(40)]


def values_of(examples: standard_artifacts.Examples, split: str) -> list[int]:
    folder = Path(artifact_utils.get_split_uri([examples], split))
    records = [
        record for path in sorted(folder.iterdir()) for record in tfrecord.read_records(path)
    ]
    parsed = map(example_protos().Example.FromString, records)
    return [example.features.feature["x"].int64_list.value[0] for example in parsed]


@pytest.mark.parametrize("ingest", ["copy", "link"])
def test_only_records_for_which_the_condition_holds_are_used(
    write_examples: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    ingest: Any,
) -> None:
    nothing = write_examples("0", CHOICE[1:2])  # a file of which no record is used
    train, evaluation = write_examples("a", CHOICE), write_examples("b", CHOICE, compress=True)
    before = train.read_bytes()
    splits = {"train": (str(nothing), str(train)), "eval": (str(evaluation),)}
    config = IngestConfig(
        payload="tf_example", splits=splits, ingest=ingest, where='kind == "a" and x not in [0, 2]'
    )
    with caplog.at_level(logging.INFO, "tfline.summary"):
        examples = run(config, tmp_path / "out")
    assert values_of(examples, "train") == values_of(examples, "eval") == list(range(4, 40, 2))
    assert train.read_bytes() == before
    assert examples.get_int_custom_property("records_not_chosen") == 45
    assert "18 train, 18 eval records, 0.0 MB, 45 left out by `where`" in caplog.text
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Split-eval",
        "Split-train",
    ]


def test_fractions_of_a_split_are_those_of_the_records_that_are_used(
    write_examples: Callable[..., Path], tmp_path: Path
) -> None:
    rows = [{**row, "when": None if row["kind"] == "b" else row["when"]} for row in CHOICE]
    rule = SplitRule(fractions={"train": 0.75, "eval": 0.25}, by="time", feature="when")
    config = IngestConfig(
        payload="tf_example",
        files=(str(write_examples("a", rows)),),
        split=rule,
        where="when is not missing",
    )
    examples = run(config, tmp_path / "out")
    assert values_of(examples, "train") == list(range(0, 30, 2))
    assert values_of(examples, "eval") == list(range(30, 40, 2))


def test_sequences_are_chosen_by_their_context(
    tmp_path: Path, sequence_records: list[bytes]
) -> None:
    path = tmp_path / "sequences"
    tfrecord.write_records(path, sequence_records)
    config = IngestConfig(
        payload="tf_sequence_example", splits={"train": (str(path),)}, where="id >= 7"
    )
    assert run(config, tmp_path / "out").get_int_custom_property("records_train") == 3


@pytest.mark.parametrize(
    ("rows", "where", "message", "place"),
    [
        (CHOICE, "x > 99", "holds for none of 40 records of `train`", "a"),
        (CHOICE, "y > 99", "no record among the first has this feature", "data.where"),
        (CHOICE, 'x == "a"', "x, a number, with 'a', a text", "data.where"),
        ([*CHOICE, {"x": [1, 2]}], "x > 1", "has 2 values of it", "a, record 40"),
        ([*CHOICE, {"x": "one"}], "x > 1", "holds it as bytes_list", "a, record 40"),
    ],
)
def test_condition_that_cannot_choose_is_refused(
    write_examples: Callable[..., Path],
    tmp_path: Path,
    rows: list[dict[str, Any]],
    where: str,
    message: str,
    place: str,
) -> None:
    files = (str(write_examples("a", rows)),)
    config = IngestConfig(payload="tf_example", splits={"train": files}, where=where)
    with pytest.raises(TflineError, match=message) as error:
        run(config, tmp_path / "out")
    assert error.value.where.endswith(place)
    assert list((tmp_path / "out").iterdir()) == []


def test_error_about_a_chosen_record_names_the_file_of_the_user(
    write_examples: Callable[..., Path], tmp_path: Path
) -> None:
    rows = [*CHOICE, {"x": 41, "kind": "a"}]
    path = write_examples("a", rows)
    rule = SplitRule(fractions={"train": 0.75, "eval": 0.25}, by="time", feature="when")
    config = IngestConfig(payload="tf_example", files=(str(path),), split=rule, where='kind == "a"')
    with pytest.raises(DataError, match="does not have it") as error:
        run(config, tmp_path / "out")
    assert error.value.where == f"{path}, record 20, counted among those of `where`"


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("ingest", ["copy", "link"])
def test_sequences_become_examples(
    tmp_path: Path, sequence_records: list[bytes], compress: bool, ingest: Any
) -> None:
    path = tmp_path / "sequences"
    tfrecord.write_records(path, sequence_records, compress=compress)
    before = path.read_bytes()
    config = IngestConfig(
        payload="tf_sequence_example", splits={"train": (str(path),)}, ingest=ingest
    )
    examples = run(config, tmp_path / "out")
    assert examples.get_string_custom_property("payload_format") == "FORMAT_TF_EXAMPLE"
    [placed] = Path(artifact_utils.get_split_uri([examples], "train")).iterdir()
    features = example_protos().Example.FromString(list(tfrecord.read_records(placed))[9]).features
    assert list(features.feature["id"].int64_list.value) == [9]
    assert list(features.feature["words"].bytes_list.value) == [b"a", b"b"]
    assert path.read_bytes() == before


def test_sequences_are_divided_like_examples(tmp_path: Path, sequence_records: list[bytes]) -> None:
    path = tmp_path / "sequences"
    tfrecord.write_records(path, sequence_records)
    rule = SplitRule(fractions={"train": 0.8, "eval": 0.2}, by="time", feature="id")
    config = IngestConfig(payload="tf_sequence_example", files=(str(path),), split=rule)
    examples = run(config, tmp_path / "out")
    [placed] = Path(artifact_utils.get_split_uri([examples], "eval")).iterdir()
    records = map(example_protos().Example.FromString, tfrecord.read_records(placed))
    assert [record.features.feature["id"].int64_list.value[0] for record in records] == [8, 9]


def test_full_disk_is_named_as_such(
    write_examples: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, f"{target}; No space left on device")

    monkeypatch.setattr(fileio, "copy", refuse)
    config = IngestConfig(payload="tf_example", splits={"train": (str(write_examples("a", ROWS)),)})
    with pytest.raises(WorkFolderError, match="no space left"):
        run(config, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_failure_leaves_an_empty_folder(
    write_examples: Callable[..., Path], tmp_path: Path
) -> None:
    good, bad = write_examples("good", ROWS), write_examples("bad", ROWS)
    bad.write_bytes(bad.read_bytes()[:-1])
    config = IngestConfig(payload="tf_example", splits={"train": (str(good),), "eval": (str(bad),)})
    with pytest.raises(DataError, match="truncated") as caught:
        run(config, tmp_path / "out")
    assert caught.value.where.startswith(f"{bad}, record 99")
    assert list((tmp_path / "out").iterdir()) == []
