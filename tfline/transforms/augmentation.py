"""What is done to images in training only: they come out a little different in each epoch.

It is no part of the transform graph, so it can be in no model that is served; the Trainer applies
it to the batches of the train split. All randomness follows from a seed that the Trainer gives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Image
else:
    tf = lazy_import("tensorflow")

Share = Annotated[float, Field(ge=0, lt=1)]
Degrees = Annotated[float, Field(ge=0, le=180)]
Flip = Literal["none", "horizontal", "vertical", "both"]

MOVING = ("flip", "shift", "rotate", "zoom")
"""The arguments of `augment` that move pixels: a label in the image would have to move along."""

STILL = ("contrast",)
"""Those that leave pixels where they are."""


def augment(
    x: Image,
    seed: tf.Tensor,
    *,
    flip: Flip = "none",
    shift: Share = 0.0,
    rotate: Degrees = 0.0,
    zoom: Share = 0.0,
    contrast: Share = 0.0,
) -> Image:
    """Changes each image of a batch at random.

    Args:
        x: float32 [batch, height, width, channels].
        seed: int64 [2].
        flip: Mirror half of the images: left to right, upside down, or each for itself.
        shift: At most this share of the height and the width.
        rotate: At most so many degrees, either way.
        zoom: At most this share in or out.
        contrast: Scale the distance to the mean of an image by at most 1 -/+ this.

    Returns:
        float32, of the shape of `x`. What comes in from outside an image repeats its edge.
    """
    batch = tf.shape(x)[0]
    # One row of uniform numbers in [-1, 1) for each thing that is done.
    random = tf.random.stateless_uniform([7, batch], seed, minval=-1.0, maxval=1.0)
    if flip in ("horizontal", "both"):
        x = tf.where(_per_image(random[0]) < 0, tf.reverse(x, [2]), x)
    if flip in ("vertical", "both"):
        x = tf.where(_per_image(random[1]) < 0, tf.reverse(x, [1]), x)
    if shift or rotate or zoom:
        angle = random[2] * (rotate * math.pi / 180)
        x = _move(x, angle, 1 + random[3] * zoom, random[4] * shift, random[5] * shift)
    if contrast:
        mean = tf.reduce_mean(x, axis=[1, 2], keepdims=True)
        x = mean + (x - mean) * _per_image(1 + random[6] * contrast)
    return x


def _per_image(values: tf.Tensor) -> tf.Tensor:
    """Returns [batch] as [batch, 1, 1, 1]."""
    return values[:, tf.newaxis, tf.newaxis, tf.newaxis]


def _move(x: Image, angle: tf.Tensor, scale: tf.Tensor, down: tf.Tensor, right: tf.Tensor) -> Image:
    """Rotates and scales images about their middle, and shifts them; all [batch]."""
    height, width = x.shape[1:3]
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    # Of a pixel (x, y) of the result: where in the image it comes from.
    offset_x = middle_x - cosine * middle_x + sine * middle_y - right * width
    offset_y = middle_y - sine * middle_x - cosine * middle_y - down * height
    zeros = tf.zeros_like(angle)
    rows = [cosine, -sine, offset_x, sine, cosine, offset_y, zeros, zeros]
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=tf.stack(rows, axis=1),  # [batch, 8]
        output_shape=tf.constant([height, width], tf.int32),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
