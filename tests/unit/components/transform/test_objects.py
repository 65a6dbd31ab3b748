"""A record whose objects are wrong stops the run before a training, by its number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tfline.components.transform.executor import settle_label
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec
from tfline.transforms.objects import SIDES

KEY = "image/object/class/label"
LABEL = LabelSpec(key=KEY, task="boxes")
RAW = {KEY: tf.int64, **dict.fromkeys(SIDES, tf.float32)}


def record(*boxes: tuple[float, ...], **changes: Any) -> dict[str, Any]:
    """Returns a row of objects of the classes 1, 2, ..."""
    sides = {key: [box[place] for box in boxes] for place, key in enumerate(SIDES)}
    return {KEY: [*range(1, len(boxes) + 1)], "id": 1, **sides, **changes}


GOOD = record((0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0))


@pytest.fixture
def write(tmp_path: Path, write_rows):
    def write_splits(**splits: list[dict[str, Any]]) -> dict[str, list[str]]:
        return {name: [str(write_rows(tmp_path / name, rows))] for name, rows in splits.items()}

    return write_splits


def test_classes_are_those_of_all_objects(write) -> None:
    files = write(train=[GOOD, {"id": 2}, GOOD], eval=[GOOD])
    label, values = settle_label(LABEL, RAW, files)
    assert values == [1, 2]
    assert label.length == 100
    shorter, _ = settle_label(LABEL.model_copy(update={"length": 3}), RAW, files)
    assert shorter.length == 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (record((0.0, 0.6, 0.5, 0.5)), "record 2 of the eval split are wrong: object 0: .*xmin"),
        (record((0.0, 0.0, 0.5, 1.2)), "right is 1.2"),
        ({**GOOD, SIDES[3]: [0.5]}, "2 classes, and 1 values of 'image/object/bbox/xmax'"),
        ({**GOOD, KEY: []}, "0 classes, and 2 values of 'image/object/bbox/ymin'"),
    ],
)
def test_wrong_record_is_named(write, wrong: dict[str, Any], message: str) -> None:
    files = write(train=[GOOD], eval=[GOOD, {"id": 1}, wrong])
    with pytest.raises(AnomalyError, match=message) as error:
        settle_label(LABEL, RAW, files)
    assert error.value.where == files["eval"][0]
    assert "ymin < ymax" in error.value.hint


def test_more_objects_than_allowed_are_refused_with_what_would_do(write) -> None:
    files = write(train=[GOOD, record(*[(0.0, 0.0, 0.5, 0.5)] * 4)], eval=[GOOD])
    with pytest.raises(
        AnomalyError, match=r"record 1 of the train split .* 4 objects, of 3"
    ) as error:
        settle_label(LABEL.model_copy(update={"length": 3}), RAW, files)
    assert "length: 4" in error.value.hint
