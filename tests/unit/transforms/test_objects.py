"""The raw objects of a picture: as a tensor, and what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.transforms.features import LabelSpec
from tfline.transforms.objects import SIDES, encode_objects, object_fault

LABEL = LabelSpec(key="image/object/class/text", task="boxes", length=3)
Boxes = list[tuple[str, tuple[float, ...]]]

GOOD: Boxes = [("cat", (0.0, 0.1, 0.5, 0.6)), ("dog", (0.2, 0.2, 1.0, 1.0))]


def column(rows: list[list[Any]], dtype: tf.DType) -> tf.SparseTensor:
    return tf.ragged.constant(rows, dtype=dtype, ragged_rank=1).to_sparse()


def columns(*records: Boxes) -> dict[str, tf.SparseTensor]:
    sides = {
        key: column([[box[place] for _, box in boxes] for boxes in records], tf.float32)
        for place, key in enumerate(SIDES)
    }
    return {
        LABEL.key: column([[name for name, _ in boxes] for boxes in records], tf.string),
        **sides,
    }


def test_objects_are_rows_and_what_is_left_is_none() -> None:
    rows = encode_objects(columns(GOOD, []), LABEL, ["cat", "dog"]).numpy()
    np.testing.assert_allclose(rows[0, 0], [0, 0.0, 0.1, 0.5, 0.6], rtol=1e-6)
    assert rows[0, :, 0].tolist() == [0, 1, -1]
    assert rows[1, :, 0].tolist() == [-1, -1, -1]  # no objects are no missing label


@pytest.mark.parametrize(
    ("boxes", "fault"),
    [
        ([("cat", (0.0, 0.7, 0.5, 0.6))], "object 0: '.*xmin' 0.7 is not below '.*xmax' 0.6"),
        (
            [*GOOD, ("cat", (0.5, 0.0, 0.5, 0.5))],
            "object 2: '.*ymin' 0.5 is not below '.*ymax' 0.5",
        ),
        ([("cat", (0.0, 0.0, 0.5, 1.5))], "object 0: right is 1.5, and a side is a share"),
        ([("cat", (-0.1, 0.0, 0.5, 0.5))], "object 0: top is -0.1"),
        ([("cat", (0.0, 0.0, float("nan"), 0.5))], "object 0: bottom is nan"),
        (GOOD * 2, "4 objects, of 3 at most"),
    ],
)
def test_wrong_objects_are_told_and_no_label(boxes: Boxes, fault: str) -> None:
    names = [name for name, _ in boxes]
    sides = {key: [box[place] for _, box in boxes] for place, key in enumerate(SIDES)}
    assert re.search(fault, object_fault(names, sides, 3))
    rows = encode_objects(columns(GOOD, boxes), LABEL, ["cat", "dog"]).numpy()
    assert np.isfinite(rows[0]).all()
    assert np.isnan(rows[1]).all()


def test_lists_of_different_lengths_and_unknown_classes_are_no_label() -> None:
    given = columns(GOOD, GOOD)
    given["image/object/bbox/xmax"] = column([[0.6, 1.0], [0.6]], tf.float32)
    assert np.isnan(encode_objects(given, LABEL, ["cat", "dog"]).numpy()[1]).all()
    sides = {key: [0.1] * (1 if key.endswith("xmax") else 2) for key in SIDES}
    assert (
        object_fault(["a", "b"], sides, 3) == "2 classes, and 1 values of 'image/object/bbox/xmax'"
    )
    assert np.isnan(encode_objects(columns(GOOD), LABEL, ["cat"]).numpy()).all()


def test_good_objects_have_no_fault() -> None:
    sides = {key: [box[place] for _, box in GOOD] for place, key in enumerate(SIDES)}
    assert object_fault(["cat", "dog"], sides, 3) == ""
    assert object_fault([], dict.fromkeys(SIDES, ()), 3) == ""
