"""The last layer of a model, its loss and its metrics: they follow from the task."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, ClassVar

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    Features = dict[str, tf.Tensor]
else:
    keras = lazy_import("keras")


ONE_OF_SEVERAL = frozenset({"multiclass", "ordinal"})
"""The families whose outputs are the probabilities of several classes, one of which is true."""


@dataclasses.dataclass(frozen=True)
class Head(abc.ABC):
    """What a model has to predict. There is a class for each task: see `tfline.tasks`.

    Attributes:
        classes: The names of the classes; empty for numbers.
        size: How many numbers there are; 1 for classes.
        steps: At how many steps of a series they are predicted; 1 for all but a forecast.
    """

    classes: tuple[str, ...] = ()
    size: int = 1
    steps: int = 1

    task: ClassVar[str]
    """The family of tasks whose outputs it has; see `tfline.tasks.task.Task`."""

    teacher: ClassVar[str | None] = None
    """The input of a model, beside the features, that holds the label while it is trained."""

    @property
    @abc.abstractmethod
    def activation(self) -> str:
        """What turns logits into the output."""

    @property
    @abc.abstractmethod
    def units(self) -> int:
        """The width of the output."""

    @property
    def logits(self) -> int:
        """The width of what `activate` takes."""
        return self.units

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, self.units)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output [batch, units], in float32, for the last hidden layer [batch, n]."""
        dense = keras.layers.Dense(
            self.units, activation=self.activation, dtype="float32", name="output"
        )
        return dense(x)

    def activate(self, logits: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns the output, in float32, for logits [batch, logits] that are there already."""
        return keras.layers.Activation(self.activation, dtype="float32", name=name)(logits)

    def example(self, features: Features, label: tf.Tensor) -> tuple[Features, tf.Tensor]:
        """Returns what a model is fed with while it is trained, and what it is compared with."""
        return features, label

    @abc.abstractmethod
    def loss(self) -> keras.losses.Loss:
        """Returns the loss that is minimised."""

    @abc.abstractmethod
    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns what is shown while training, the telling one first."""

    def shown(self, metric: keras.metrics.Metric) -> keras.metrics.Metric:
        """Returns the user's own metric, to be shown beside."""
        return metric

    @property
    def loss_unit(self) -> str:
        """What the loss is computed on, in words; empty if it is the label as it is."""
        return ""

    def restore(self, y: tf.Tensor) -> tf.Tensor:
        """Returns outputs of the model as they are served, [batch, ...]."""
        return y
