"""The classes of a label: found in the train split, checked in the others.

One pass over the label column in TensorFlow's C++ readers; a million records take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec, Task

MOST_CLASSES = 10_000
"""More distinct integers than this are no classes."""


def find_task(label: LabelSpec, dtype: tf.DType) -> Task | None:
    """Returns the task if the label's type or the spec tells it; None: it depends on the classes.

    Raises:
        AnomalyError: The spec asks for numbers, and the label holds strings.
    """
    if label.task in ("regression", "forecast") and dtype == tf.string:
        raise AnomalyError(
            f"The label '{label.key}' holds strings, which no {label.task} can predict",
            hint=f"Take `task: {label.task}` out, or choose a numeric label.",
        )
    if label.task is None and dtype.is_floating:
        return "regression"
    return label.task


def find_classes(
    label: LabelSpec, dtype: tf.DType, files: Mapping[str, Sequence[str]]
) -> list[int | str]:
    """Returns the label of each class, in the order of the model's outputs.

    Flags name their classes: see `LabelSpec.targets`.

    Args:
        label: Its key, and its classes if the spec gives them.
        dtype: Type of the raw label: int64, float32 or string.
        files: TFRecord files of each split, with one called ``train``.

    Returns:
        Sorted distinct labels of the train split; with given classes, their indices if the labels
        are integers, else their names.

    Raises:
        AnomalyError: The train split has a single class, or too many; or a label of another
            split does not occur in the train split, or is none of the given classes.
    """
    if label.targets and label.task != "box":
        return list(label.targets)
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
        compression = "GZIP" if path.endswith(".gz") else ""
        batches = tf.data.TFRecordDataset(path, compression).batch(8192)
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
