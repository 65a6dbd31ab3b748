"""Heads of labels that name classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


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


class ClassesHead(Head):
    """A probability for each class."""

    @property
    def units(self) -> int:
        """The number of classes."""
        return len(self.classes)


class MulticlassHead(ClassesHead):
    """One of several classes: the probability of each, [batch, classes]."""

    task = "multiclass"
    activation = "softmax"

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with class indices, [batch]."""
        return keras.losses.SparseCategoricalCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns accuracy."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]


class MultilabelHead(ClassesHead):
    """Any number of several classes: the probability of each, [batch, classes]."""

    task = "multilabel"
    activation = "sigmoid"

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with labels 0 and 1, [batch, classes], mean over classes."""
        return keras.losses.BinaryCrossentropy()

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the share of right decisions, and the mean area under the ROC curves."""
        auc = keras.metrics.AUC(name="auc", multi_label=True, num_labels=self.units)
        return [keras.metrics.BinaryAccuracy(name="accuracy"), auc]
