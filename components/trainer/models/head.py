"""The last layer of a model, its loss and its metrics: they follow from the task."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from transforms.errors import ModelError
from transforms.features import BOX, Task
from transforms.lazy import lazy_import
from transforms.target_text import has_marks

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    Features = dict[str, tf.Tensor]
else:
    keras = lazy_import("keras")

TARGET = "tfline_target"
"""The input of a model that holds the text that it has to write, while it is trained."""


@dataclasses.dataclass(frozen=True)
class Head(abc.ABC):
    """What a model has to predict. There is a class for each task: see `HEADS`.

    Attributes:
        classes: The names of the classes; empty for numbers.
        size: How many numbers there are; 1 for classes.
        steps: At how many steps of a series they are predicted; 1 for all but a forecast.
    """

    classes: tuple[str, ...] = ()
    size: int = 1
    steps: int = 1

    task: ClassVar[Task]
    activation: ClassVar[str]
    """What turns logits into the output."""

    teacher: ClassVar[str | None] = None
    """The input of a model, beside the features, that holds the label while it is trained."""

    @property
    @abc.abstractmethod
    def units(self) -> int:
        """The width of the output."""

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
        """Returns the output, in float32, for logits [batch, units] that are there already."""
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


class BinaryHead(Head):
    """One of two classes: the probability of the second, [batch, 1]."""

    task = "binary"
    activation = "sigmoid"
    units = 1

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with labels 0 and 1, [batch]."""
        return keras.losses.BinaryCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns accuracy and area under the ROC curve."""
        return [keras.metrics.BinaryAccuracy(name="accuracy"), keras.metrics.AUC(name="auc")]


class MulticlassHead(Head):
    """One of several classes: the probability of each, [batch, classes]."""

    task = "multiclass"
    activation = "softmax"

    @property
    def units(self) -> int:
        """The number of classes."""
        return len(self.classes)

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with class indices, [batch]."""
        return keras.losses.SparseCategoricalCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns accuracy."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]


class MultilabelHead(Head):
    """Any number of several classes: the probability of each, [batch, classes]."""

    task = "multilabel"
    activation = "sigmoid"

    @property
    def units(self) -> int:
        """The number of classes."""
        return len(self.classes)

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with labels 0 and 1, [batch, classes], mean over classes."""
        return keras.losses.BinaryCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the share of right decisions, and the mean area under the ROC curves."""
        auc = keras.metrics.AUC(name="auc", multi_label=True, num_labels=self.units)
        return [keras.metrics.BinaryAccuracy(name="accuracy"), auc]


class RegressionHead(Head):
    """One or more numbers, [batch, size]."""

    task: ClassVar[Task] = "regression"
    activation = "linear"

    @property
    def units(self) -> int:
        """How many numbers there are."""
        return self.size

    def loss(self) -> keras.losses.Loss:
        """Returns the mean squared error."""
        return keras.losses.MeanSquaredError()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the mean absolute error."""
        return [keras.metrics.MeanAbsoluteError(name="mae")]


class ForecastHead(RegressionHead):
    """The next values of a series, [batch, horizon]; or at each step, [batch, steps, horizon]."""

    task = "forecast"

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, self.units) if self.steps == 1 else (None, self.steps, self.units)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output for the last hidden layer, [batch, n] or [batch, steps, n].

        Raises:
            ModelError: The model has not as many steps as the label.
        """
        steps = x.shape[1] if len(x.shape) == 3 else 1
        if steps != self.steps:
            raise ModelError(
                f"The label asks for a forecast at {self.steps} steps, the model makes one at "
                f"{steps}",
                where="label.steps",
                hint="A recurrent model or `wavenet` makes one at each step of its `window`; leave "
                "`steps` out for a forecast after the last step.",
            )
        return super().output(x)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the mean absolute error; of the last step alone, if there are several."""
        if self.steps == 1:
            return super().metrics()
        return [keras.metrics.MeanMetricWrapper(_last_step_error, name="mae")]


def _last_step_error(label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the absolute errors after the last step, [batch, horizon]."""
    return keras.ops.abs(label[:, -1] - output[:, -1])


class TextHead(Head):
    """A text, token by token: the logits of what follows each token, [batch, tokens, vocabulary].

    Its classes are the tokens, those of `transforms.target_text`; its size is the length of a text.
    """

    task = "text"
    activation = "linear"
    teacher = TARGET

    @property
    def units(self) -> int:
        """The size of the vocabulary."""
        return len(self.classes)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, None, self.units)

    @property
    def start(self) -> int | None:
        """The token that a text begins with; None: it goes on with what is given."""
        return self.units - 2 if has_marks(self.classes) else None

    @property
    def end(self) -> int | None:
        """The token that a text ends with; None: it ends when it is long enough."""
        return self.units - 1 if has_marks(self.classes) else None

    @property
    def length(self) -> int:
        """How many tokens are written at most, with the end mark."""
        return self.size - 1

    def example(self, features: Features, label: tf.Tensor) -> tuple[Features, tf.Tensor]:
        """Returns each token as an input, and the one that follows as what is compared with.

        It is called teacher forcing (Williams and Zipser 1989).

        Args:
            features: Name to tensor [batch, ...].
            label: int64 [batch, size].
        """
        return {**features, TARGET: label[:, :-1]}, label[:, 1:]

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with the tokens, [batch, tokens], mean over all but padding."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the share of tokens that are right."""
        from components.trainer.models.generation.accuracy import TokenAccuracy

        return [TokenAccuracy(name="accuracy")]


class BoxHead(Head):
    """A class and the box around it: see `components.trainer.models.boxes`."""

    task = "box"
    activation = "linear"

    @property
    def units(self) -> int:
        """A probability for each class, and the sides of a box."""
        return len(self.classes) + len(BOX)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output [batch, units] for the last hidden layer [batch, n]."""
        logits = keras.layers.Dense(self.units, dtype="float32", name="logits")(x)
        return self.activate(logits, "output")

    def activate(self, logits: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Returns probabilities, and sides between 0 and 1."""
        k = len(self.classes)
        parts = [keras.ops.softmax(logits[:, :k]), keras.ops.sigmoid(logits[:, k:])]
        return keras.layers.Concatenate(dtype="float32", name=name)(parts)

    def loss(self) -> keras.losses.Loss:
        """Returns the sum of the losses of class and box."""
        from components.trainer.models.boxes import BoxLoss

        return BoxLoss()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns intersection over union, and accuracy of the class."""
        from components.trainer.models.boxes import overlap, right_class

        return [
            keras.metrics.MeanMetricWrapper(overlap, name="iou"),
            keras.metrics.MeanMetricWrapper(right_class, name="accuracy"),
        ]


class MaskHead(Head):
    """The class of each pixel: probabilities [batch, pixels, classes], row by row."""

    task = "mask"
    activation = "softmax"

    @property
    def units(self) -> int:
        """The number of classes."""
        return len(self.classes)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, self.size, self.units)

    def output(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the output for the last hidden layer [batch, height, width, n].

        Raises:
            ModelError: The hidden layer has not the pixels of the label.
        """
        if len(x.shape) != 4 or x.shape[1] * x.shape[2] != self.size:
            raise ModelError(
                f"The mask has {self.size:,} pixels; the model's last layer is of shape "
                f"{list(x.shape[1:])}",
                where="label.shape",
                hint="Use the model `segmenter`, with an image of the height and width of `shape`.",
            )
        convolution = keras.layers.Conv2D(self.units, 1, dtype="float32", name="logits")
        x = convolution(x)  # [batch, height, width, units]
        x = keras.layers.Reshape((self.size, self.units))(x)
        return self.activate(x, "output")

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with class indices [batch, pixels], mean over the pixels."""
        return keras.losses.SparseCategoricalCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns intersection over union, mean over the classes, and the share of right pixels."""
        return [
            keras.metrics.MeanIoU(self.units, sparse_y_pred=False, name="iou"),
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        ]


HEADS: Mapping[Task, type[Head]] = {
    "binary": BinaryHead,
    "multiclass": MulticlassHead,
    "multilabel": MultilabelHead,
    "regression": RegressionHead,
    "forecast": ForecastHead,
    "text": TextHead,
    "box": BoxHead,
    "mask": MaskHead,
}
"""What a model has to predict for each task."""
