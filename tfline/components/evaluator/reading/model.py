"""An exported model: what it predicts, and its predictions for serialized tf.Examples."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import pydantic

from tfline.metrics.texts import NUMBERS, text_numbers
from tfline.transforms import threshold
from tfline.transforms.errors import ModelError
from tfline.transforms.features import FrozenModel, Task
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")

CARD = "assets.extra/tfline.json"


class ModelCard(FrozenModel):
    """What the Trainer wrote beside a SavedModel; keys that are not needed here are left out.

    Attributes:
        format: Version of the file.
        task: What the label asks for.
        label: The raw feature that holds the label, or the name of several together.
        size: How many numbers the label has.
        classes: Names of the classes, in the order of the outputs; empty for numbers.
        class_values: The raw label of each class.
        features: The raw features that it is predicted from, and their dtypes.
    """

    model_config = pydantic.ConfigDict(extra="ignore")

    format: Literal[1]
    task: Task
    label: str
    size: int = 1
    classes: tuple[str, ...] = pydantic.Field(default=(), strict=False)
    class_values: tuple[int | str, ...] = pydantic.Field(default=(), strict=False)
    features: dict[str, str] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _check_classes(self) -> ModelCard:
        if len(self.classes) != len(self.class_values):
            raise ValueError("`classes` and `class_values` differ in length.")
        if self.task == "binary" and len(self.classes) != 2:
            raise ValueError(f"A binary task has 2 classes. Received: {list(self.classes)}.")
        return self

    @property
    def is_raw(self) -> bool:
        """Whether the label is a single raw value a record; else it is what the model makes it."""
        if self.task == "regression":
            return self.size == 1
        return self.task in ("binary", "multiclass")

    @property
    def is_flat(self) -> bool:
        """Whether an example has one label and one predicted number."""
        return self.task == "binary" or (self.task == "regression" and self.size == 1)

    @property
    def parts(self) -> tuple[str, ...]:
        """What a metric with several values has one for: classes, steps or outputs."""
        noun = "step" if self.task == "forecast" else "output"
        return self.classes or tuple(f"{noun} {index + 1}" for index in range(self.size))

    def comparable(self, other: ModelCard) -> bool:
        """Whether both predict the same label with the same classes."""
        return (self.task, self.label, self.size, self.class_values) == (
            other.task,
            other.label,
            other.size,
            other.class_values,
        )


def read_card(path: str) -> ModelCard:
    """Reads the card of the SavedModel at `path`.

    Raises:
        ModelError: If there is none, or it cannot be read.
    """
    card = os.path.join(path, CARD)
    try:
        with tf.io.gfile.GFile(card) as file:
            return ModelCard.model_validate(json.load(file), strict=False)
    except tf.errors.NotFoundError as exc:
        raise ModelError(
            "The model does not say what it predicts.",
            where=card,
            hint="Evaluate a model that tfline's Trainer exported.",
        ) from exc
    except ValueError as exc:
        raise ModelError(f"The model's description cannot be read: {exc}", where=card) from exc


_OUTPUTS: Mapping[Task, str] = {
    "binary": "probabilities",
    "multiclass": "probabilities",
    "multilabel": "probabilities",
    "regression": "prediction",
    "forecast": "prediction",
    "text": "sequences",
    "box": "box",
    "mask": "mask",
}
"""The output of ``serving_default`` that is compared with the label."""


def read_served_threshold(path: str) -> float:
    """Returns the threshold by which the SavedModel at `path` decides.

    Raises:
        ModelError: It cannot be read.
    """
    file = os.path.join(path, threshold.FILE)

    def read() -> str:
        if not tf.io.gfile.exists(file):
            raise FileNotFoundError(file)
        with tf.io.gfile.GFile(file) as stream:
            return str(stream.read())

    try:
        return threshold.read_threshold(read)
    except ValueError as exc:
        raise ModelError(f"The model's threshold cannot be read: {exc}", where=file) from exc


_LOADED: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
"""The SavedModels that predictors of this process hold, by folder."""


def _load(path: str) -> Any:
    """Returns the SavedModel at `path`; the one that another predictor holds, if there is one."""
    model = _LOADED.get(path)
    if model is None:
        model = _LOADED[path] = tf.saved_model.load(path)
    return model


class Predictor:
    """A loaded SavedModel; predictors of one model in a process share it.

    Args:
        path: Its folder.
        card: What it predicts.
        writes: Whether texts are written, which takes a beam search; if not, the numbers that
            compare them with their references are those of empty texts.

    Raises:
        ModelError: If it cannot be loaded, or lacks the signature or its outputs.
    """

    def __init__(self, path: str, card: ModelCard, *, writes: bool = True) -> None:
        self._card = card
        self._writes = writes
        self._output = _OUTPUTS[card.task]
        try:
            self._model = _load(path)  # the signature does not keep it alive
            self._signature = self._model.signatures["serving_default"]
            self._label = None if card.is_raw else self._model.signatures["transform_label"]
        except (OSError, KeyError, ValueError, tf.errors.OpError) as exc:
            raise ModelError(f"The model cannot be loaded: {exc}", where=path) from exc
        if self._output not in self._signature.structured_outputs:
            raise ModelError(
                f"The signature 'serving_default' of a {card.task} model has to return "
                f"'{self._output}'. It returns {sorted(self._signature.structured_outputs)}.",
                where=path,
            )

    def __call__(self, serialized: tf.Tensor) -> tf.Tensor:
        """Predicts.

        Args:
            serialized: tf.Examples, string [n].

        Returns:
            float32: probability of class 1 [n] (binary), probabilities [n, k] (multiclass,
            multilabel) or predicted numbers [n] (regression), [n, size] of several; of texts
            float64 [n, NUMBERS], see `text_numbers`; of boxes and masks see the modules of their
            metrics.
        """
        if self._card.task == "text":
            return self._compared(serialized)
        answer = self._signature(examples=serialized)
        outputs = answer[self._output]
        if self._card.task == "box":
            return tf.concat([answer["probabilities"], outputs], axis=1)
        if self._card.task == "mask":
            return tf.reshape(outputs, [-1, self._card.size])
        if self._card.classes:
            outputs = tf.ensure_shape(outputs, [None, len(self._card.classes)])
            return outputs[:, 1] if self._card.task == "binary" else outputs
        return tf.reshape(outputs, [-1]) if self._card.is_raw else outputs

    def label(self, serialized: tf.Tensor) -> tf.Tensor:
        """Returns the label of serialized tf.Examples, string [n], as the model was trained on it.

        Only for a label that is not `ModelCard.is_raw`.

        Returns:
            float32 [n, size] (regression, forecast) or [n, k], 0 or 1 (multilabel), or how many
            tokens a text has, [n], or as in `tfline.metrics.boxes` and `tfline.metrics.masks`; NaN
            where the label is missing.
        """
        if self._label is None:
            raise ModelError(f"The label '{self._card.label}' is a raw value.")
        label = self._label(examples=serialized)["label"]
        if self._card.task == "mask":
            return tf.where(label < 0, tf.constant(float("nan")), tf.cast(label, tf.float32))
        if self._card.task != "text":
            return label
        tokens = tf.cast(tf.math.count_nonzero(label, axis=1), tf.float32)
        return tf.where(tf.reduce_any(label < 0, axis=1), tf.constant(float("nan")), tokens)

    def texts(self, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the references of serialized tf.Examples, and what is written in their place.

        Only of the task ``text``; all three are string [n].
        """
        reference = self._model.signatures["score"](examples=serialized)["reference"]
        return reference, self._written(serialized)

    def _written(self, serialized: tf.Tensor) -> tf.Tensor:
        """Returns the best text, string [n], for each of tf.Examples, string [n]."""
        return self._signature(examples=serialized)[self._output][:, 0]

    def _compared(self, serialized: tf.Tensor) -> tf.Tensor:
        """Returns the numbers of the texts of tf.Examples, string [n]; see `text_numbers`."""
        scored = self._model.signatures["score"](examples=serialized)
        written = self._written(serialized) if self._writes else tf.zeros_like(serialized)
        arguments = [scored[name] for name in ("reference", "log_probability", "tokens")]
        numbers = tf.numpy_function(text_numbers, [written, *arguments], tf.float64)
        return tf.ensure_shape(numbers, [None, NUMBERS])
