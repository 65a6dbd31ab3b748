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
from tfline.transforms.errors import DataError, WorkFolderError

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
