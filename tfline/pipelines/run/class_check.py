"""Looks at the labels of the first records: whether they are classes, and which is positive."""

from __future__ import annotations

from tfline.pipelines.inputs.records import first_features
from tfline.tasks.ordinal import NAME_THEM
from tfline.tasks.table import TASKS, known_task, label_keys
from tfline.transforms.errors import FeatureError, did_you_mean
from tfline.transforms.features import LabelSpec

_RECORDS = 500


def check_classes(label: LabelSpec, file: str, where: str | None = None) -> None:
    """Refuses a label that is none of the classes that the spec names.

    Args:
        label: The label.
        file: A file of records.
        where: Which of them are used; None: all.

    Raises:
        FeatureError: It names the label.
    """
    task = known_task(label)
    if task is not None and task.family == "ordinal" and label.classes is None:
        _check_order(label, file, where)
    if label.classes is None or (task is not None and not task.one_class):
        return
    for features in first_features(file, _RECORDS, where):
        if label.key not in features:
            continue
        feature = features[label.key]
        for index in feature.int64_list.value:
            if not 0 <= index < len(label.classes):
                raise FeatureError(
                    f"The label {index} is no index of the {len(label.classes)} classes",
                    file,
                    "An integer label i is `label.classes[i]`, counted from 0.",
                    label.key,
                )
        for value in feature.bytes_list.value:
            name = value.decode(errors="replace")
            if name not in label.classes:
                raise FeatureError(
                    f"The label '{name}' is none of `label.classes`",
                    file,
                    did_you_mean(name, label.classes),
                    label.key,
                )


def _check_order(label: LabelSpec, file: str, where: str | None) -> None:
    for features in first_features(file, _RECORDS, where):
        if label.key in features and features[label.key].bytes_list.value:
            name = features[label.key].bytes_list.value[0].decode(errors="replace")
            raise FeatureError(
                f"The classes of the ordinal label '{label.key}' are names, such as '{name}', "
                "whose order is not known",
                file,
                NAME_THEM,
                label.key,
            )


def describe_classes(label: LabelSpec, file: str, where: str | None = None) -> str:
    """Returns the two classes of a label in words, and which of them is the positive one.

    Recall, precision, AUC and a threshold are about the positive class; without named classes that
    is the last of the sorted labels.

    Args:
        label: The label.
        file: A file of records.
        where: Which of them are used; None: all.

    Returns:
        Such as ``binary: yes (positive) or no``; empty if there are not two, or if the first
        records do not tell.
    """
    if label.task not in (None, "binary") or tuple(label_keys(label)) != (label.key,):
        return ""
    describe = TASKS["binary"].describe
    if label.classes is not None:
        return describe(label.classes) if len(label.classes) == 2 else ""
    found: set[int | bytes] = set()
    records = 0
    for features in first_features(file, _RECORDS, where):
        records += 1
        if label.key not in features:
            continue
        feature = features[label.key]
        values = (*feature.int64_list.value, *feature.bytes_list.value)
        if feature.float_list.value or len(values) > 1:
            return ""  # numbers, or a list
        found.update(values)
    if len(found) != 2 or len({type(value) for value in found}) != 1:
        return ""
    names = [
        value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for value in sorted(found)  # type: ignore[type-var]
    ]
    return f"{describe(names)}, by the first {records:,} records"
