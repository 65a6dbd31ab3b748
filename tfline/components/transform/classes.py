"""The classes of a label: found in the train split, checked in the others.

One pass over the label column in TensorFlow's C++ readers; a million records take seconds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfline.components.artifacts.splits import compression
from tfline.components.transform.objects import check_objects
from tfline.components.transform.vocabulary import find_vocabulary
from tfline.tasks.table import find_task
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec

MOST_CLASSES = 10_000
"""More distinct integers than this are no classes."""


class LabelColumn:
    """The raw label in the files of each split: what a `Task` may look at.

    Args:
        dtype: Type of the raw label: int64, float32 or string.
        files: TFRecord files of each split, with one called ``train``.
    """

    def __init__(self, dtype: tf.DType, files: Mapping[str, Sequence[str]]) -> None:
        self._dtype = dtype
        self._files = files

    def is_number(self, label: LabelSpec) -> bool:
        """Tells whether a label without a task is a number to predict.

        Floats are, unless they are one-hot lists.
        """
        if not self._dtype.is_floating:
            return False
        return not (label.one_hot or self._train_shape(label).is_one_hot)

    def check_numbers(self, label: LabelSpec) -> None:
        """Sees that the label holds numbers, and one a record unless it is a forecast.

        Raises:
            AnomalyError: It does not.
        """
        if self._dtype == tf.string:
            raise AnomalyError(
                f"The label '{label.key}' holds strings, which no {label.task} can predict",
                hint=f"Take `task: {label.task}` out, or choose a numeric label.",
            )
        if "horizon" in find_task(label.task or "regression").fields:
            return
        for key in label.targets or (label.key,):
            shape = find_shape(key, self._dtype, self._files["train"])
            if shape.most > 1:
                raise AnomalyError(
                    f"The label '{key}' is a list of {shape.words} values a record, and a "
                    "regression predicts one",
                    hint=f"`label: {{key: {key}, task: forecast, horizon: {shape.most}}}` predicts "
                    "the values of a list; a raw feature for each number goes into `targets`; a "
                    "one-hot list is a class: `task: multiclass`.",
                )

    def vocabulary(self, label: LabelSpec) -> tuple[LabelSpec, list[int | str]]:
        """Returns the label with the length of its texts, and what each token stands for."""
        return find_vocabulary(label, self._dtype, self._files["train"])

    def objects(self, label: LabelSpec) -> LabelSpec:
        """Returns a label of objects with the most of a picture; see `check_objects`."""
        return check_objects(label, self._dtype, self._files)

    def classes(
        self, label: LabelSpec, *, lists: bool = False
    ) -> tuple[LabelSpec, list[int | str]]:
        """Returns the label, and the raw label of each class in the order of the outputs.

        Those are the sorted distinct labels of the train split; with given classes their indices
        if the labels are integers, else their names; of one-hot lists the places of the one.

        Raises:
            AnomalyError: The train split has a single class, or too many; a label of another
                split does not occur in the train split, or is none of the given classes; or a
                record has several values.
        """
        shape = self._train_shape(label)
        if not lists and shape.most > 1:
            return self._one_hot(label, shape)
        return label, find_classes(label, self._dtype, self._files)

    def _train_shape(self, label: LabelSpec) -> LabelShape:
        return find_shape(label.key, self._dtype, self._files["train"])

    def _one_hot(self, label: LabelSpec, shape: LabelShape) -> tuple[LabelSpec, list[int | str]]:
        if not shape.is_one_hot:
            raise AnomalyError(
                f"The label '{label.key}' is a list of {shape.words} values a record, and a "
                "record is of one class",
                hint=f"Any number of classes a record: `label: {{key: {label.key}, task: "
                "multilabel}`. Numbers: `task: forecast`. A one-hot list has a single 1 among "
                "zeros, the same length in every record.",
            )
        if label.classes is not None and len(label.classes) != shape.most:
            raise AnomalyError(
                f"The label '{label.key}' is one-hot with {shape.most} places, and "
                f"{len(label.classes)} `classes` are named",
                hint="Name the class of each place, in their order.",
            )
        return label.model_copy(update={"one_hot": True}), list(range(shape.most))


@dataclasses.dataclass(frozen=True)
class LabelShape:
    """How many values a raw label has.

    Attributes:
        least: In the record that has the fewest, of those that have some.
        most: In the record that has the most.
        is_one_hot: Whether all have as many, a single 1 among zeros.
    """

    least: int
    most: int
    is_one_hot: bool

    @property
    def words(self) -> str:
        """How many there are, such as ``3`` or ``1 to 4``."""
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"


def find_shape(key: str, dtype: tf.DType, files: Sequence[str]) -> LabelShape:
    """Looks at all records of a split; arguments as in `count_labels`."""
    least, most, is_one_hot = 1 << 30, 0, dtype != tf.string
    spec = {key: tf.io.VarLenFeature(dtype)}

    def look(records: tf.Tensor) -> tuple[tf.Tensor, ...]:
        rows = tf.RaggedTensor.from_sparse(tf.io.parse_example(records, spec)[key])
        lengths = tf.boolean_mask(rows.row_lengths(), rows.row_lengths() > 0)
        if dtype == tf.string:
            return lengths, tf.constant(False)
        values, given = tf.cast(rows, tf.float64), rows.row_lengths() > 0
        ones = tf.boolean_mask(tf.reduce_sum(tf.cast(tf.equal(values, 1), tf.int64), 1), given)
        wrong = tf.reduce_any((values.flat_values != 0) & (values.flat_values != 1))
        return lengths, tf.reduce_all(tf.equal(ones, 1)) & ~wrong

    for path in files:
        batches = tf.data.TFRecordDataset(path, compression(path)).batch(8192)
        looks = batches.map(look, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
        for lengths, one_hot in looks.as_numpy_iterator():
            if len(lengths):
                least, most = min(least, int(lengths.min())), max(most, int(lengths.max()))
            is_one_hot &= bool(one_hot)
    return LabelShape(min(least, most), most, is_one_hot and 1 < most == least)


def find_classes(
    label: LabelSpec, dtype: tf.DType, files: Mapping[str, Sequence[str]]
) -> list[int | str]:
    """Returns the label of each class; see `LabelColumn.classes`."""
    counts = {split: count_labels(label.key, dtype, paths) for split, paths in files.items()}
    seen = counts["train"]
    if len(seen) < 2:
        only = ", ".join(map(repr, seen)) or "no value"
        raise AnomalyError(
            f"The label '{label.key}' has a single class in the train split: {only} in all "
            f"{sum(seen.values()):,} records",
            hint="A classifier needs records of two classes at least.",
        )
    if len(seen) > MOST_CLASSES:
        raise AnomalyError(
            f"The label '{label.key}' has {len(seen):,} distinct values in the train split; "
            f"at most {MOST_CLASSES:,} can be classes",
            hint=f"For a number to predict: `label: {{key: {label.key}, task: regression}}`.",
        )
    values: list[int | str]
    if label.classes is None:
        values = sorted(seen)  # type: ignore[type-var]  # all of one type
    elif dtype == tf.string:
        values = list(label.classes)
    else:
        values = list(range(len(label.classes)))
    for split, found in counts.items():
        _check_known(label, split, found, values)
    return values


def count_labels(key: str, dtype: tf.DType, files: Sequence[str]) -> dict[int | str, int]:
    """Returns how often each label occurs.

    Args:
        key: The raw feature.
        dtype: Its type.
        files: TFRecord files of tf.Example, plain or GZIP (named ``.gz``).

    Raises:
        AnomalyError: A label is a string that is not UTF-8: a class needs a name.
    """
    counts: dict[int | str, int] = {}
    spec = {key: tf.io.VarLenFeature(dtype)}
    for path in files:
        batches = tf.data.TFRecordDataset(path, compression(path)).batch(8192)
        labels = batches.map(
            lambda records: tf.io.parse_example(records, spec)[key].values,
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        for batch in labels.prefetch(2).as_numpy_iterator():
            for value, count in zip(*np.unique(batch, return_counts=True), strict=True):
                label = _plain(key, value)
                counts[label] = counts.get(label, 0) + int(count)
    return counts


def _plain(key: str, value: bytes | np.generic) -> int | str:
    if not isinstance(value, bytes):
        return int(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise AnomalyError(
            f"The label '{key}' has a value that is not UTF-8 text: {value!r}",
            hint="A class needs a name that can be written down.",
        ) from exc


def _check_known(
    label: LabelSpec, split: str, counts: Mapping[int | str, int], values: Sequence[int | str]
) -> None:
    unknown = {value: count for value, count in counts.items() if value not in set(values)}
    if not unknown:
        return
    named = ", ".join(f"{value!r} ({count:,} records)" for value, count in [*unknown.items()][:5])
    among = "never seen in the train split" if label.classes is None else "not among the classes"
    raise AnomalyError(
        f"The label '{label.key}' has values in the {split} split that are {among}: {named}",
        hint=f"Known: {', '.join(map(repr, values[:20]))}. Mend the data or split it differently.",
    )
