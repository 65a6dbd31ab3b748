"""What all tasks have in common: what is asked of a task, in the order in which it is asked."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from tfline.metrics.table import METRICS, Metric
from tfline.tasks.heads.head import Head
from tfline.transforms.features import LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.value_counts import Taken

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.transforms.analysis.passes import Analysis

    Columns = Mapping[str, tf.SparseTensor]
    Outputs = dict[str, tf.Tensor]
    Errors = tuple[Floats, Callable[[int], tuple[str, str]]]
else:
    tf = lazy_import("tensorflow")

Values = list[int | str]
"""The raw label of each class, in the order of the model's outputs; empty for numbers."""


class LabelData(Protocol):
    """The raw label of the train split and of the others, which a task may look at."""

    def classes(self, label: LabelSpec, *, lists: bool = False) -> tuple[LabelSpec, Values]:
        """Returns the label and its classes; a one-hot list is recognised.

        Args:
            label: What the spec says of it.
            lists: Whether a record may have several.

        Raises:
            AnomalyError: There are less than two; a label of another split is none of them; or a
                record has several that should have one.
        """

    def vocabulary(self, label: LabelSpec) -> tuple[LabelSpec, Values]:
        """Returns the label with the length of its texts, and what each token stands for."""

    def objects(self, label: LabelSpec) -> LabelSpec:
        """Returns a label of objects with the most that a picture may have.

        Raises:
            AnomalyError: A record has lists of different lengths, a wrong box or too many objects.
        """

    def check_numbers(self, label: LabelSpec) -> None:
        """Sees that the label holds numbers, and one a record where one is asked for.

        Raises:
            AnomalyError: It does not.
        """


class Label(Protocol):
    """What is known of a label once the data has been seen; Transform writes it down."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the model's outputs."""

    @property
    def size(self) -> int:
        """How many numbers, tokens or pixels it has."""

    @property
    def steps(self) -> int:
        """At how many steps of a series it has them."""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Height and width of a mask or an image, and the channels of one in colour."""

    @property
    def separator(self) -> str:
        """What stands between the tokens of a text."""

    @property
    def target(self) -> Any:
        """How a number is scaled for training, a `TargetScale`; None: it is not."""


class Card(Protocol):
    """What an exported model says of its label."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the model's outputs."""

    @property
    def size(self) -> int:
        """How many numbers, tokens or pixels it has."""


def channels(label: Label | LabelSpec) -> int:
    """Returns how many numbers a pixel of an image has."""
    return label.shape[2] if label.shape is not None and len(label.shape) == 3 else 1


class Task(abc.ABC):
    """What a label asks for.

    Args:
        name: As the spec writes it: a name of `TASKS`, or the dotted path of one's own class.

    Attributes:
        family: The task whose labels and outputs have the same shapes. Losses, class weights and
            metrics that fit the family fit this task.
        fields: The fields of `LabelSpec` that it reads, beside ``key``.
        head: The last layer of a model, its loss, and what is shown while it is trained.
        writes: Whether a model writes its answer token by token.
        decides: Whether its answers are decided by a threshold.
        has_mean: Whether several answers have a mean: those of Monte Carlo dropout.
        one_class: Whether each record is of exactly one class.
        may_be_empty: Whether a record without the raw label has one: no objects.
        examined: Records that are looked at closely for the report, at most.
        importance: The metric by which the importance of a feature is told; empty: none is.
        compared: The metric by which a model is compared with naive ones; empty: there are none.
        error_name: What the error of a record is called in the report.
        error_is_share: Whether it is between 0 and 1.
        part: What a metric with several values has one for: a class, a step, an output.
    """

    family: ClassVar[str]
    fields: ClassVar[frozenset[str]] = frozenset({"classes"})
    head: ClassVar[type[Head]]
    writes: ClassVar[bool] = False
    decides: ClassVar[bool] = False
    has_mean: ClassVar[bool] = False
    one_class: ClassVar[bool] = False
    may_be_empty: ClassVar[bool] = False
    examined: ClassVar[int] = 4000
    importance: ClassVar[str] = ""
    compared: ClassVar[str] = ""
    error_name: ClassVar[str] = "wrong by"
    error_is_share: ClassVar[bool] = False
    part: ClassVar[str] = "class"

    def __init__(self, name: str) -> None:
        self.name = name

    # The spec.

    def check(self, label: LabelSpec) -> None:  # noqa: B027 - most have nothing to check
        """Checks what the spec says of the label.

        Raises:
            ValueError: It does not fit this task.
        """

    def keys(self, label: LabelSpec) -> tuple[str, ...]:
        """Returns the raw features that the label is read from."""
        return label.targets or (label.key,)

    def takes(self, label: LabelSpec) -> dict[str, Taken]:
        """Returns how many values a record has of each raw feature of the label."""
        return dict.fromkeys(self.keys(label), "one")

    # From the raw label to tensors.

    @abc.abstractmethod
    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label with what only the data tells, and its classes.

        Raises:
            AnomalyError: The label cannot be used.
        """

    @abc.abstractmethod
    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns what an answer is compared with.

        Args:
            columns: Raw feature to sparse tensor [batch, values].
            label: What the spec says of it.
            values: The raw label of each class.

        Returns:
            [batch, ...]: integers, -1 where the label is missing or unknown, or float32, NaN there.
        """

    def beside(self, columns: Columns, label: LabelSpec) -> Analysis[Outputs]:
        """Makes what the transform graph holds of a label beside it, under names of its own."""
        del columns, label
        yield from ()
        return {}

    # The model.

    def make_head(self, label: Label) -> Head:
        """Returns what a model has to predict."""
        return self.head(label.classes, label.size, label.steps)

    # The decided answer.

    @abc.abstractmethod
    def answer(
        self,
        y: Any,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns what is served, by the names that a client reads.

        Args:
            y: The output of the model; see `Head.output_shape`.
            label: What is known of it.
            threshold: The probability from which on a record is of a class, float32 [], if the
                task is one that `decides`.
            levels: Of the quantiles that the model predicts in place of numbers.
        """

    def method(self, label: Label) -> str:
        """Returns TF Serving's method for the answer, ``classify`` or ``regress``; empty: none."""
        del label
        return ""

    # The evaluation.

    @property
    @abc.abstractmethod
    def output(self) -> str:
        """The output of ``serving_default`` that is compared with the label."""

    @abc.abstractmethod
    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns what the metrics take of an answer; see `tfline.metrics.statistic`."""

    def predict(
        self,
        signatures: Mapping[str, Callable[..., Any]],
        examples: tf.Tensor,
        card: Card,
        *,
        writes: bool = True,
    ) -> tf.Tensor:
        """Returns the predictions of an exported model, as the metrics take them.

        Args:
            signatures: Of the model.
            examples: Serialized tf.Examples, string [n].
            card: What the model says of its label.
            writes: Whether what takes long is done: only some metrics need it.
        """
        del writes
        return self.prediction(signatures["serving_default"](examples=examples), card)

    def true_label(self, label: tf.Tensor) -> tf.Tensor:
        """Returns what the metrics take of what `encode` made, [n, ...]."""
        return label

    def is_flat(self, card: Card) -> bool:
        """Tells whether a record has one label and one predicted number."""
        del card
        return False

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What can be measured, by name. A name of one's own has a dot: ``ordinal.within_one``."""
        return {name: metric for name, metric in METRICS.items() if metric.fits(self.family)}

    @abc.abstractmethod
    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the error of each record, and what describes a record.

        Args:
            labels: As the metrics take them, [n, ...].
            predictions: As the metrics take them, [n, ...].
            card: What the model says of its label.
            decision: How probabilities become classes.

        Returns:
            The errors [n], 0 where the answer is right; and a function from a row to the words for
            its label and for its answer.
        """

    # What people read.

    def describe(self, classes: Sequence[str]) -> str:
        """Returns the task in words, such as ``binary: yes (positive) or no``."""
        if not classes:
            return self.name
        return f"{self.name} of {listed(classes)}"


def listed(names: Sequence[str], most: int = 20) -> str:
    """Returns the first of some names in words."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
