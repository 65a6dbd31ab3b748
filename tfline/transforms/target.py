"""The target of a number: what a model is trained on in place of the raw label, and the way back.

A label in dollars and one in millions of them differ by a factor that says nothing of the task, but
a network that begins with outputs around 0 and a learning rate that is made for them reaches the
second only. So a number is scaled by statistics of the train split, which are kept in the transform
graph; whatever is shown, evaluated or served is scaled back.

    target = (f(label) - shift) / scale        f: log1p, or nothing

Both ways are computed in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pydantic

from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.features import FrozenModel, LabelSpec, TargetTransform
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.analysis import target_moments
else:
    tf = lazy_import("tensorflow")
    target_moments = lazy_import("tfline.transforms.analysis.target_moments")

TARGET = "tfline_scaled_label"
"""What the target is called in a transform graph, beside the label."""

STATISTICS = "tfline_label_statistics"
"""What `TargetScale` is made from, in a transform graph, the same in each row: float64 in bits of
int64, for TensorFlow Transform has no doubles."""


class TargetScale(FrozenModel):
    """How targets are made from labels, one entry a number; a forecast has one for all its steps.

    Attributes:
        transform: What is done; see `LabelSpec.transform`.
        shift: What is subtracted, after a logarithm if there is one.
        scale: What is divided by then.
        smallest: The smallest label of the train split; empty: not known.
    """

    transform: TargetTransform = "none"
    shift: tuple[float, ...] = pydantic.Field(default=(0.0,), strict=False)
    scale: tuple[float, ...] = pydantic.Field(default=(1.0,), strict=False)
    smallest: tuple[float, ...] = pydantic.Field(default=(), strict=False)

    def scaled(self, label: tf.Tensor) -> tf.Tensor:
        """Returns the target of a label: float32 of the same shape, [..., numbers]."""
        exact = _FUNCTIONS[self.transform](tf.cast(label, tf.float64))
        shifted = exact - tf.constant(self.shift, tf.float64)
        return tf.cast(shifted / tf.constant(self.scale, tf.float64), tf.float32)

    def restored(self, target: tf.Tensor) -> tf.Tensor:
        """Returns the label of a target, or of a prediction of it.

        Args:
            target: [..., numbers]; or [batch] of a single number.

        Returns:
            float32, of the same shape.
        """
        if self.transform == "none":
            return tf.cast(target, tf.float32)
        exact = tf.cast(target, tf.float64) * self.scale + tf.constant(self.shift, tf.float64)
        return tf.cast(_INVERSES[self.transform](exact), tf.float32)


def scale_target(exact: tf.Tensor, label: LabelSpec) -> Analysis[dict[str, tf.Tensor]]:
    """Makes the target of a label that is a number.

    Args:
        exact: The numbers, float64 [batch], [batch, n] or [batch, steps, horizon].
        label: What the spec says of them.

    Returns:
        `TARGET`, float32 of the shape of the label, NaN where it is missing or has no logarithm;
        and `STATISTICS`, int64 [batch, 3 * numbers].
    """
    transform = label.target_transform
    rows = exact if label.targets else tf.reshape(exact, [-1])  # one scale for a whole forecast
    reducer = target_moments.TargetMoments()
    shift, scale, smallest = yield Request(reducer, _FUNCTIONS[transform](rows), rows)
    if transform == "none":
        shift, scale = tf.zeros_like(shift), tf.ones_like(scale)
    target = (_FUNCTIONS[transform](exact) - shift) / scale
    statistics = tf.reshape(tf.stack([shift, scale, smallest]), [1, -1])  # [1, 3 * numbers]
    tiled = tf.tile(tf.bitcast(statistics, tf.int64), [tf.shape(exact)[0], 1])
    return {TARGET: tf.cast(target, tf.float32), STATISTICS: tiled}


def read_scale(statistics: Any, transform: TargetTransform) -> TargetScale:
    """Returns the scale that a row of `STATISTICS`, an int64 array [3 * numbers], holds."""
    shift, scale, smallest = statistics.view("float64").reshape(3, -1).tolist()
    return TargetScale(transform=transform, shift=shift, scale=scale, smallest=smallest)


def _unchanged(x: tf.Tensor) -> tf.Tensor:
    return x


def _log1p(x: tf.Tensor) -> tf.Tensor:
    return tf.math.log1p(x)


def _expm1(x: tf.Tensor) -> tf.Tensor:
    return tf.math.expm1(x)


_FUNCTIONS: Mapping[TargetTransform, Callable[[Any], Any]] = {
    "none": _unchanged,
    "standardize": _unchanged,
    "log1p": _log1p,
}
"""What is done to a label, float64, before it is shifted and scaled."""

_INVERSES: Mapping[TargetTransform, Callable[[Any], Any]] = {
    "standardize": _unchanged,
    "log1p": _expm1,
}
"""What is done to undo it."""
