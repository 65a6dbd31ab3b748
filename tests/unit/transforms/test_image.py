"""Images of all formats are decoded to the channels that are asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfline.transforms.image import decode_image

RGB = np.repeat(np.arange(0, 240, 5, dtype=np.uint8).reshape(8, 6, 1), 3, axis=2)
RGB[..., 2] //= 2
GREY = (RGB @ np.array([0.2989, 0.5870, 0.1140]))[..., np.newaxis]


def encode(pixels: np.ndarray, file_format: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file_format", "tolerance"), [("PNG", 0), ("BMP", 0), ("GIF", 0), ("JPEG", 12)]
)
def test_format_is_decoded_to_any_number_of_channels(file_format: str, tolerance: int) -> None:
    content = tf.constant([encode(RGB, file_format), b""])
    opaque = np.concatenate([RGB, np.full((8, 6, 1), 255)], axis=2)
    for channels, expected in ((1, GREY), (3, RGB), (4, opaque)):
        found = decode_image(content, size=(8, 6), channels=channels)
        np.testing.assert_allclose(found[0], expected, atol=tolerance + 1e-3)
        assert not found[1].numpy().any()


def test_grey_and_transparent_images_are_decoded() -> None:
    rgba = np.concatenate([RGB, np.full((8, 6, 1), 7, np.uint8)], axis=2)
    content = tf.constant([encode(RGB[..., 0], "PNG"), encode(rgba, "PNG")])
    grey, transparent = decode_image(content, size=(8, 6), channels=4).numpy()
    assert (grey[..., 0] == RGB[..., 0]).all()
    assert (grey[..., 3] == 255).all()
    assert (transparent == rgba).all()


def test_images_of_different_sizes_are_brought_to_one() -> None:
    content = tf.constant([encode(RGB, "PNG"), encode(RGB[:2, :3], "PNG")])
    assert decode_image(content, size=(5, 4)).shape == (2, 5, 4, 3)
