"""Tasks whose label names classes: one of two, one of several, or any number of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from tfline.metrics.statistic import decide
from tfline.tasks.answers import named_classes, tiled
from tfline.tasks.heads.classes import BinaryHead, MulticlassHead, MultilabelHead
from tfline.tasks.task import Card, Label, LabelData, Task, Values
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec
from tfline.transforms.label import encode_class, encode_classes
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.heads.head import Head
    from tfline.tasks.task import Columns, Errors, Outputs
    from tfline.transforms.value_counts import Taken
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")


class _OneClass(Task):
    """A record is of one class."""

    one_class = True
    error_is_share = True

    def takes(self, label: LabelSpec) -> dict[str, Taken]:
        """Returns one value; of a one-hot list all of them."""
        return {label.key: "vector" if label.one_hot else "one"}

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label and its classes."""
        return data.classes(label)

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns the index of the class, int64 [batch]."""
        return encode_class(columns, label, values)

    def method(self, label: Label) -> str:
        """Returns ``classify``."""
        del label
        return "classify"

    @property
    def output(self) -> str:
        """The probabilities, [n, k]."""
        return "probabilities"

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the probability of all but the true class, where another one was decided for."""
        decided = decide(predictions, decision)  # [n]
        if predictions.ndim == 1:
            of_label = np.where(labels == 1, predictions, 1 - predictions)
        else:
            of_label = predictions[np.arange(len(labels)), labels]
        errors: Floats = np.where(decided == labels, 0.0, 1 - of_label)
        return errors, lambda row: (card.classes[labels[row]], card.classes[decided[row]])


class Binary(_OneClass):
    """One of two classes: the probability of the second, the positive one."""

    family = "binary"
    head = BinaryHead
    decides = True
    has_mean = True
    importance = "auc"
    compared = "auc"

    def check(self, label: LabelSpec) -> None:
        """Sees that there are two classes, if they are named."""
        if label.classes is not None and len(label.classes) != 2:
            raise ValueError(
                f"A binary label has two `classes`. Received: {listed_count(label.classes)}. "
                "Leave `task` out, or write `task: multiclass`"
            )

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label and its two classes.

        Raises:
            AnomalyError: There are more.
        """
        label, values = super().settle(label, data)
        if len(values) != 2:
            raise AnomalyError(
                f"The label '{label.key}' has {len(values)} classes, and a binary label has two",
                hint="Leave `task` out, or write `task: multiclass`.",
            )
        return label, values

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns what `named_classes` does, for the probability [batch, 1] of the second class."""
        index = tf.cast(y[:, 0] >= (0.5 if threshold is None else threshold), tf.int64)  # [batch]
        return named_classes(index, tf.concat([1 - y, y], axis=1), label.classes)

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the probability of the second class, [n]."""
        return tf.ensure_shape(answer[self.output], [None, 2])[:, 1]

    def is_flat(self, card: Card) -> bool:
        """A record has one label and one probability."""
        return True

    def describe(self, classes: Sequence[str]) -> str:
        """Returns which class is the positive one: recall, AUC and threshold are about it."""
        if len(classes) != 2:
            return self.name
        return f"{self.name}: {classes[1]} (positive) or {classes[0]}"


class Multiclass(_OneClass):
    """One of several classes: the probability of each."""

    family = "multiclass"
    head: ClassVar[type[Head]] = MulticlassHead
    has_mean = True
    importance = "accuracy"
    compared = "accuracy"

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns what `named_classes` does, for the most probable class."""
        return named_classes(tf.argmax(y, axis=1), y, label.classes)

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the probabilities, [n, k]."""
        return tf.ensure_shape(answer[self.output], [None, len(card.classes)])


class Multilabel(Task):
    """Any number of several classes: the probability of each."""

    family = "multilabel"
    fields = frozenset({"classes", "targets"})
    head = MultilabelHead
    compared = "hamming_loss"
    decides = True
    has_mean = True
    error_is_share = True

    def check(self, label: LabelSpec) -> None:
        """Sees that the classes are named once."""
        if label.targets and label.classes:
            raise ValueError("Expected either `targets` or `classes`: a target names its class")

    def takes(self, label: LabelSpec) -> dict[str, Taken]:
        """Returns a list of classes; of flags one value each."""
        return dict.fromkeys(self.keys(label), "one" if label.targets else "list")

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label and its classes; flags name theirs."""
        if label.targets:
            return label, list(label.targets)
        return data.classes(label, lists=True)

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns 1 for each class that a record is of, else 0: float32 [batch, k]."""
        return encode_classes(columns, label, values)

    def answer(
        self,
        y: tf.Tensor,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns ``decisions`` int64 (0 or 1), ``probabilities`` and ``classes``, [batch, k]."""
        return {
            "decisions": tf.cast(y >= (0.5 if threshold is None else threshold), tf.int64),
            "probabilities": y,
            "classes": tiled(tf.constant(label.classes), y),
        }

    def method(self, label: Label) -> str:
        """Returns ``classify``."""
        del label
        return "classify"

    @property
    def output(self) -> str:
        """The probabilities, [n, k]."""
        return "probabilities"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the probabilities, [n, k]."""
        return tf.ensure_shape(answer[self.output], [None, len(card.classes)])

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the largest distance of a probability from its label, where a label is wrong."""
        decided = predictions >= decision.threshold  # [n, k]
        wrong = (decided != (labels > 0)).any(axis=1)  # [n]
        errors: Floats = np.where(wrong, np.abs(predictions - labels).max(axis=1), 0.0)

        def names(flags: Any) -> str:
            return ", ".join(np.array(card.classes)[flags]) or "(none)"

        return errors, lambda row: (names(labels[row] > 0), names(decided[row]))


def listed_count(classes: Sequence[str]) -> str:
    """Returns how many classes there are, and the first of them."""
    return f"{len(classes)}, {', '.join(classes[:5])}{', ...' if len(classes) > 5 else ''}"
