"""Transforms of images: encoded images, or numbers, in; float32 [batch, h, w, c] out.

What is done to images in training only is in `tfline.transforms.augmentation`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tfline.transforms.analysis.moments import Moments
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.errors import AnomalyError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Bytes, Image, Numbers
else:
    tf = lazy_import("tensorflow")

Side = Annotated[int, Field(ge=1, le=16_384)]
Sides = Annotated[tuple[Side, Side], Field(strict=False, examples=[[64, 64]])]
Channels = Literal[1, 3, 4]
Method = Literal["area", "bicubic", "bilinear", "nearest"]

_LUMA = (0.2989, 0.5870, 0.1140)
"""How bright red, green and blue are: ITU-R BT.601, as in TensorFlow."""


def decode_raw(
    x: Bytes,
    *,
    shape: Annotated[tuple[Side, Side, Side], Field(strict=False, examples=[[28, 28, 1]])],
) -> Image:
    """Decodes images stored as their plain bytes, one uint8 a channel, row by row.

    Args:
        x: string [batch]; every value has height * width * channels bytes, a missing one is
            black.
        shape: (height, width, channels).

    Returns:
        float32 [batch, height, width, channels] in [0, 255].
    """
    height, width, channels = shape
    pixels = tf.io.decode_raw(x, tf.uint8, fixed_length=height * width * channels)
    return tf.cast(tf.reshape(pixels, [-1, height, width, channels]), tf.float32)


def reshape(x: Numbers, *, shape: Annotated[tuple[Side, Side, Side], Field(strict=False)]) -> Image:
    """Makes images of vectors: a number a channel, row by row, as MNIST often comes.

    Args:
        x: float64 [batch, n]; every record has height * width * channels numbers; a missing one
            is 0.
        shape: (height, width, channels).

    Returns:
        float32 [batch, height, width, channels].
    """
    width = int(x.shape[1]) if len(x.shape) == 2 else 1
    if width != math.prod(shape):
        raise AnomalyError(
            f"A record has {width:,} numbers, but an image of the shape {list(shape)} has "
            f"{math.prod(shape):,}",
            hint="Mend the `shape` of `reshape`: height, width, channels.",
        )
    pixels = tf.where(tf.math.is_nan(x), tf.zeros_like(x), x)
    return tf.cast(tf.reshape(pixels, [-1, *shape]), tf.float32)


def decode_image(
    x: Bytes, *, size: Sides, channels: Channels = 3, method: Method = "bilinear"
) -> Image:
    """Decodes JPEG, PNG, BMP and GIF (its first frame) and brings them to one size.

    Args:
        x: string [batch]; a missing image is black. One that cannot be decoded is an error of
            TensorFlow that says so.
        size: (height, width).
        channels: 1 is grey, 3 is RGB, 4 is RGB with transparency.
        method: How pixels are interpolated.

    Returns:
        float32 [batch, height, width, channels] in [0, 255].
    """

    def decode(content: tf.Tensor) -> tf.Tensor:
        pixels = tf.cast(tf.io.decode_image(content, expand_animations=False), tf.float32)
        resized = tf.image.resize(_with_channels(pixels, channels), size, method)
        return tf.clip_by_value(resized, 0.0, 255.0)  # a bicubic curve overshoots

    def black() -> tf.Tensor:
        return tf.zeros([*size, channels])

    def decode_if_present(content: tf.Tensor) -> tf.Tensor:
        return tf.cond(tf.equal(content, ""), black, lambda: decode(content))

    signature = tf.TensorSpec([*size, channels], tf.float32)
    return tf.map_fn(decode_if_present, x, fn_output_signature=signature)


def resize(x: Image, *, size: Sides, method: Method = "bilinear") -> Image:
    """Brings images to another size.

    Args:
        x: float32 [batch, h, w, channels].
        size: (height, width).
        method: How pixels are interpolated.

    Returns:
        float32 [batch, height, width, channels].
    """
    return tf.image.resize(x, size, method)


def center_crop(x: Image, *, size: Sides) -> Image:
    """Cuts out the middle of images.

    Args:
        x: float32 [batch, h, w, channels].
        size: (height, width), at most that of the images; black is added where it is more.

    Returns:
        float32 [batch, height, width, channels].
    """
    return tf.image.resize_with_crop_or_pad(x, *size)


def grey(x: Image) -> Image:
    """Returns how bright images are (ITU-R BT.601).

    Args:
        x: float32 [batch, height, width, channels]; RGB, with transparency or not, or grey.

    Returns:
        float32 [batch, height, width, 1].
    """
    if x.shape[-1] == 1:
        return x
    return _brightness(x[..., :3])


def rescale(
    x: Image,
    *,
    scale: Annotated[float, Field(gt=0)] = 1 / 255,
    offset: float = 0.0,
) -> Image:
    """Returns ``x * scale + offset``: by default pixels in [0, 1].

    Pixels in [-1, 1] are those of a scale of 1/127.5 and an offset of -1.

    Args:
        x: float32 [batch, height, width, channels].
        scale: The factor.
        offset: What is added.

    Returns:
        float32, of the shape of `x`.
    """
    return x * scale + offset


def standardize_channels(x: Image) -> Analysis[Image]:
    """Subtracts the mean of each channel and divides by its standard deviation.

    Args:
        x: float32 [batch, height, width, channels].

    Returns:
        float32, of the shape of `x`; mean and deviation are those of all pixels of the train
        split.
    """
    mean, deviation = yield Request(Moments(), tf.reshape(x, [-1, x.shape[-1]]))
    centred = x - tf.cast(mean, tf.float32)
    return tf.math.divide_no_nan(centred, tf.cast(deviation, tf.float32))


def standardize_image(x: Image) -> Image:
    """Subtracts each image's own mean and divides by its own standard deviation.

    Args:
        x: float32 [batch, height, width, channels].

    Returns:
        float32, of the shape of `x`; see `tf.image.per_image_standardization`.
    """
    return tf.image.per_image_standardization(x)


def _with_channels(pixels: tf.Tensor, channels: int) -> tf.Tensor:
    """Returns [h, w, channels] of [h, w, n], where n is known only when the image is decoded.

    It is 1 for grey, 3 for RGB, and one more with transparency.
    """
    found = tf.shape(pixels)[-1]
    first = pixels[..., :1]
    if channels == 1:
        return tf.cond(found < 3, lambda: first, lambda: _brightness(pixels[..., :3]))
    rgb = tf.cond(found < 3, lambda: tf.repeat(first, 3, axis=-1), lambda: pixels[..., :3])
    if channels == 3:
        return rgb
    opaque = tf.fill(tf.shape(first), 255.0)
    alpha = tf.cond(tf.equal(found % 2, 0), lambda: pixels[..., -1:], lambda: opaque)
    return tf.concat([rgb, alpha], axis=-1)


def _brightness(rgb: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(rgb * tf.constant(_LUMA), axis=-1, keepdims=True)
