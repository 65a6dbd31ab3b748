"""Labels of an image: a class with its box, a class a pixel."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfline.tasks.table import label_keys
from tfline.transforms.features import LabelSpec
from tfline.transforms.image_label import encode_box, encode_image, encode_mask

SIDES = ("top", "left", "bottom", "right")
BOX = LabelSpec(key="kind", task="box", targets=SIDES)
MASK = LabelSpec(key="mask", task="mask", shape=(2, 3), classes=("ground", "sky", "tree"))


def column(values: list[object], dtype: tf.DType) -> tf.SparseTensor:
    """Returns a column with one value a record, or none for None."""
    rows = [[] if value is None else [value] for value in values]
    return tf.ragged.constant(rows, dtype=dtype).to_sparse()


def png(pixels: list[list[int]]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)).save(content, "PNG")
    return content.getvalue()


def test_box_has_its_class_first() -> None:
    columns = {
        "kind": column(["cat", "dog", None, "cow"], tf.string),
        **{key: column([i / 4, 0.5, 0.5, 0.5], tf.float32) for i, key in enumerate(SIDES)},
    }
    label = encode_box(columns, BOX, ["cat", "dog"]).numpy()
    assert label.dtype == np.float32
    np.testing.assert_array_equal(label[0], [0, 0, 0.25, 0.5, 0.75])
    np.testing.assert_array_equal(label[1], [1, 0.5, 0.5, 0.5, 0.5])
    assert np.isnan(label[2:, 0]).all()


def test_side_that_is_missing_is_no_number() -> None:
    columns = {
        "kind": column(["cat"], tf.string),
        **{key: column([None if key == "left" else 0.5], tf.float32) for key in SIDES},
    }
    assert np.isnan(encode_box(columns, BOX, ["cat", "dog"]).numpy()[0, 2])


def test_mask_is_read_from_bytes_and_from_a_grey_png() -> None:
    pixels = [[0, 1, 2], [2, 1, 0]]
    masks = [bytes(pixels[0] + pixels[1]), png(pixels)]
    label = encode_mask({"mask": column(masks, tf.string)}, MASK, [0, 1, 2]).numpy()
    assert label.dtype == np.int64
    np.testing.assert_array_equal(label, [[0, 1, 2, 2, 1, 0]] * 2)


@pytest.mark.parametrize(
    "mask", [None, b"\0" * 5, b"\0" * 5 + b"\3", png([[0, 1], [1, 0]])],
    ids=["missing", "too small", "unknown class", "other shape"],
)  # fmt: skip
def test_mask_that_does_not_fit_is_missing(mask: bytes | None) -> None:
    label = encode_mask({"mask": column([mask], tf.string)}, MASK, [0, 1, 2]).numpy()
    np.testing.assert_array_equal(label, [[-1] * 6])


def test_label_is_read_from_its_class_and_its_sides() -> None:
    assert label_keys(BOX) == ("kind", *SIDES)
    assert MASK.size == 6


GREY = LabelSpec(key="image", task="image", shape=(2, 3))
COLOUR = LabelSpec(key="image", task="image", shape=(1, 2, 3))


def encoded(label: LabelSpec, *images: bytes | None) -> np.ndarray:
    found: np.ndarray = encode_image({"image": column(list(images), tf.string)}, label).numpy()
    return found


def test_image_is_read_from_bytes_and_files() -> None:
    pixels = [[0, 51, 102], [153, 204, 255]]
    found = encoded(GREY, bytes([0, 51, 102, 153, 204, 255]), png(pixels))
    np.testing.assert_allclose(found, [[0, 0.2, 0.4, 0.6, 0.8, 1]] * 2, atol=1e-6)
    flat = Image.fromarray(np.full([2, 3], 128, np.uint8))
    file = io.BytesIO()
    flat.save(file, "JPEG")
    np.testing.assert_allclose(
        encoded(GREY, file.getvalue()), np.full([1, 6], 128 / 255), atol=0.01
    )
    coloured = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    file = io.BytesIO()
    Image.fromarray(coloured).save(file, "PNG")
    np.testing.assert_allclose(encoded(COLOUR, file.getvalue()), [[1, 0, 0, 0, 0, 1]])


def test_image_of_another_size_is_missing() -> None:
    wrong = encoded(GREY, None, bytes(5), png([[0, 1], [2, 3], [4, 5]]))
    assert np.isnan(wrong).all()
