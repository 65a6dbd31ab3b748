"""How the output of a model and a number to predict belong together.

A model for numbers predicts the target, which is in other units than the label (see
`tfline.transforms.target`); counts are predicted by their logarithm, and quantiles side by side.
"""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")


@dataclasses.dataclass(frozen=True)
class Link(abc.ABC):
    """What stands between an output and a number."""

    @property
    @abc.abstractmethod
    def activation(self) -> str:
        """What turns logits into the output."""

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels of the quantiles that are predicted of each number; empty: its mean is."""
        return ()

    @abc.abstractmethod
    def target(self, target: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """Returns what an output is compared with in a loss, for a target, of the same shape."""

    @abc.abstractmethod
    def restored(self, output: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """Returns outputs, [..., units], in the unit of the label: float32 of the same shape."""


@dataclasses.dataclass(frozen=True)
class Identity(Link):
    """The output is the target: any number."""

    @property
    def activation(self) -> str:
        """What turns logits into the output."""
        return "linear"

    def target(self, target: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """See `Link.target`."""
        del scale
        return target

    def restored(self, output: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """See `Link.restored`."""
        return scale.restored(output)


@dataclasses.dataclass(frozen=True)
class Log(Link):
    """The output is the number, never negative, in units of the mean of the train split.

    It is the exponential of the logits: a log link, as generalised linear models call it.
    """

    @property
    def activation(self) -> str:
        """What turns logits into the output."""
        return "exponential"

    def target(self, target: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """See `Link.target`."""
        return scale.restored(target) / _unit(scale)

    def restored(self, output: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """See `Link.restored`."""
        return tf.cast(output, tf.float32) * _unit(scale)


def _unit(scale: TargetScale) -> tf.Tensor:
    """Returns the mean of each number, float32 [numbers]; 1 if it is not to be scaled."""
    means = scale.shift if scale.transform == "standardize" else (1.0,)
    return tf.constant([mean or 1.0 for mean in means], tf.float32)


@dataclasses.dataclass(frozen=True)
class Quantiles(Link):
    """The output are quantiles of the target, those of a number side by side.

    Attributes:
        of: Their levels, in increasing order.
    """

    of: tuple[float, ...]

    @property
    def activation(self) -> str:
        """What turns logits into the output."""
        return "linear"

    @property
    def levels(self) -> tuple[float, ...]:
        """See `Link.levels`."""
        return self.of

    @property
    def middle(self) -> int:
        """The place of the level that is nearest to the median."""
        return min(range(len(self.of)), key=lambda index: abs(self.of[index] - 0.5))

    def target(self, target: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """See `Link.target`."""
        del scale
        return target

    def restored(self, output: tf.Tensor, scale: TargetScale) -> tf.Tensor:
        """Returns outputs in the unit of the label; see `Link.restored`.

        Quantiles that cross are sorted, which makes none of them worse (Chernozhukov, Fernandez-Val
        and Galichon 2010).
        """
        each = tf.sort(self.apart(output), axis=-1)  # [..., numbers, levels]
        last = tf.linalg.matrix_transpose(each)  # [..., levels, numbers]
        each = tf.linalg.matrix_transpose(scale.restored(last))
        return tf.reshape(each, tf.shape(output))

    def apart(self, output: tf.Tensor) -> tf.Tensor:
        """Returns outputs [..., numbers * levels] as [..., numbers, levels]."""
        count = len(self.of)
        return tf.reshape(output, tf.concat([tf.shape(output)[:-1], [-1, count]], axis=0))
