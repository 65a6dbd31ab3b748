"""An exported model: what it predicts, and its predictions for serialized tf.Examples."""

from __future__ import annotations

import json
import os
import weakref
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pydantic

from tfline.components.artifacts.naive import NaiveErrors
from tfline.components.artifacts.saved_model import load_saved_model
from tfline.metrics.arrays import Floats
from tfline.tasks.table import find_task
from tfline.tasks.task import Task
from tfline.transforms import threshold
from tfline.transforms.errors import ModelError
from tfline.transforms.features import FrozenModel
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
        naive_error: What the errors of a forecast are compared with; None: not known.
        series: The raw feature that names one of several series; None: there is one.
        naive_errors: What the errors of each series are compared with, by its name.
    """

    model_config = pydantic.ConfigDict(extra="ignore")

    format: Literal[1]
    task: str
    label: str
    size: int = 1
    classes: tuple[str, ...] = pydantic.Field(default=(), strict=False)
    class_values: tuple[int | str, ...] = pydantic.Field(default=(), strict=False)
    features: dict[str, str] = pydantic.Field(default_factory=dict)
    naive_error: float | None = None
    series: str | None = None
    naive_errors: dict[str, float] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _check_classes(self) -> ModelCard:
        if len(self.classes) != len(self.class_values):
            raise ValueError("`classes` and `class_values` differ in length.")
        if self.asks.family == "binary" and len(self.classes) != 2:
            raise ValueError(f"A binary task has 2 classes. Received: {list(self.classes)}.")
        return self

    @property
    def asks(self) -> Task:
        """The task."""
        return find_task(self.task)

    @property
    def naive(self) -> NaiveErrors:
        """What the errors of a forecast are compared with."""
        return NaiveErrors(self.naive_error, self.series, self.naive_errors)

    @property
    def is_flat(self) -> bool:
        """Whether an example has one label and one predicted number."""
        return self.asks.is_flat(self)

    @property
    def parts(self) -> tuple[str, ...]:
        """What a metric with several values has one for: classes, steps or outputs."""
        return self.classes or tuple(f"{self.asks.part} {index + 1}" for index in range(self.size))

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


class Reasons(NamedTuple):
    """What each raw feature has added to the answers to some records.

    Attributes:
        names: The raw features.
        attributions: float32 [n, features]; [n, features, numbers] of answers of several numbers.
        unit: What is added to, in words.
    """

    names: list[str]
    attributions: Floats
    unit: str


_LOADED: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
"""The SavedModels that predictors of this process hold, by folder."""


def _load(path: str) -> Any:
    """Returns the SavedModel at `path`; the one that another predictor holds, if there is one."""
    model = _LOADED.get(path)
    if model is None:
        model = _LOADED[path] = load_saved_model(path)
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
        self._task = card.asks
        output = self._task.output
        try:
            self._model = _load(path)  # the signature does not keep it alive
            self._signature = self._model.signatures["serving_default"]
            self._label = self._model.signatures.get("transform_label")
        except (OSError, KeyError, ValueError, tf.errors.OpError) as exc:
            raise ModelError(f"The model cannot be loaded: {exc}", where=path) from exc
        if output not in self._signature.structured_outputs:
            raise ModelError(
                f"The signature 'serving_default' of a {card.task} model has to return "
                f"'{output}'. It returns {sorted(self._signature.structured_outputs)}.",
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
        return self._task.predict(
            self._model.signatures, serialized, self._card, writes=self._writes
        )

    def label(self, serialized: tf.Tensor) -> tf.Tensor:
        """Returns the label of serialized tf.Examples, string [n], as the model was trained on it.

        Returns:
            What the metrics of the task take, see `tfline.metrics.statistic`; -1 or NaN where the
            label is missing or unknown.
        """
        if self._label is None:
            raise ModelError(
                "The model has no signature 'transform_label'",
                hint="Evaluate a model that tfline's Trainer exported.",
            )
        return self._task.true_label(self._label(examples=serialized)["label"])

    @property
    def explains(self) -> bool:
        """Whether it tells what each raw feature has added to an answer."""
        return "explain" in self._model.signatures

    def explain(self, serialized: tf.Tensor) -> Reasons:
        """Explains the answers to serialized tf.Examples, string [n], if the model `explains`."""
        told = self._model.signatures["explain"](examples=serialized)
        names = [name.decode() for name in told["features"][0].numpy()]
        unit = told["unit"][0].numpy().decode()
        return Reasons(names, told["attributions"].numpy(), unit)

    def texts(self, serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the references of serialized tf.Examples, and what is written in their place.

        Only of a task that writes; all three are string [n].
        """
        reference = self._model.signatures["score"](examples=serialized)["reference"]
        answer = self._signature(examples=serialized)
        return reference, self._task.prediction(answer, self._card)
