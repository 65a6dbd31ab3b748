"""Feature lists of SequenceExamples become features of tf.Examples."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.components.example_gen.sequences import read_sequences
from tfline.pipelines.datasets.convert import convert
from tfline.transforms.errors import DataError


def write(path: Path, *, list_name: str = "words") -> Path:
    sequence = example_protos().SequenceExample()
    sequence.context.feature["label"].int64_list.value.append(1)
    sequence.context.feature["nothing"].SetInParent()
    for word in (b"a", b"b"):
        step = sequence.feature_lists.feature_list[list_name].feature.add()
        step.bytes_list.value.append(word)
    pairs = sequence.feature_lists.feature_list["pairs"]
    for step_values in ([0.5, 1.5], [2.5]):
        pairs.feature.add().float_list.value.extend(step_values)
    tfrecord.write_records(path, [sequence.SerializeToString()])
    return path


def test_feature_list_has_the_values_of_all_steps(tmp_path: Path) -> None:
    [row] = read_sequences([write(tmp_path / "a.tfrecord")])
    expected = {"label": [1], "nothing": None, "words": [b"a", b"b"], "pairs": [0.5, 1.5, 2.5]}
    assert row == expected


def sequence_of(folder: Path, kind: str, *steps: list[Any]) -> Path:
    """Writes a record with the feature list ``x``."""
    sequence = example_protos().SequenceExample()
    for values in steps:
        feature = sequence.feature_lists.feature_list["x"].feature.add()
        if values:
            getattr(feature, kind).value.extend(values)
    tfrecord.write_records(folder / "x.tfrecord", [sequence.SerializeToString()])
    return folder / "x.tfrecord"


@pytest.mark.parametrize(
    ("kind", "steps", "expected"),
    [
        ("float_list", ([1.0], [], [3.0], []), [1.0, math.nan, 3.0, math.nan]),
        ("float_list", ([], [1.0, 2.0]), [math.nan, math.nan, 1.0, 2.0]),
        ("bytes_list", ([b"a"], [], [b"c"]), [b"a", b"", b"c"]),
        ("float_list", ([], []), None),
    ],
)
def test_step_without_a_value_keeps_its_place(
    tmp_path: Path, kind: str, steps: list[Any], expected: list[Any] | None
) -> None:
    [row] = read_sequences([sequence_of(tmp_path, kind, *steps)])
    assert repr(row["x"]) == repr(expected)  # NaN differs from itself


@pytest.mark.parametrize(
    ("kind", "steps", "message"),
    [
        ("int64_list", ([1], [], [3]), "among integers"),
        ("float_list", ([1.0, 2.0], [], [3.0]), "among steps of different lengths"),
    ],
)
def test_step_without_a_value_is_refused_where_nothing_can_stand_for_it(
    tmp_path: Path, kind: str, steps: list[Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(read_sequences([sequence_of(tmp_path, kind, *steps)]))
    assert caught.value.where.endswith("record 0, feature list x")


def test_steps_of_different_types_are_refused(tmp_path: Path) -> None:
    sequence = example_protos().SequenceExample()
    steps = sequence.feature_lists.feature_list["x"].feature
    steps.add().float_list.value.append(1.0)
    steps.add().bytes_list.value.append(b"a")
    tfrecord.write_records(tmp_path / "x.tfrecord", [sequence.SerializeToString()])
    with pytest.raises(DataError, match="different types"):
        list(read_sequences([tmp_path / "x.tfrecord"]))


def test_converted_records_are_examples(tmp_path: Path) -> None:
    source = write(tmp_path / "a.tfrecord")
    assert convert([source], tmp_path / "b.tfrecord").records == 1
    [record] = tfrecord.read_records(tmp_path / "b.tfrecord")
    features = example_protos().Example.FromString(record).features.feature
    assert list(features["words"].bytes_list.value) == [b"a", b"b"]
    assert "nothing" not in features


def test_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "a.tfrecord", list_name="label")
    with pytest.raises(DataError, match="'label' is a feature list and a feature"):
        list(read_sequences([source]))


def test_record_that_is_no_sequence_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    tfrecord.write_records(path, [b"\xff\xff"])
    with pytest.raises(DataError, match=r"no tf\.SequenceExample") as caught:
        list(read_sequences([path]))
    assert caught.value.where.endswith("record 0")
