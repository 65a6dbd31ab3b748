"""Looks at the labels of the first records, where the spec names the classes."""

from __future__ import annotations

import itertools

from tfline.pipelines.inputs.records import read_features
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import LabelSpec

_RECORDS = 500


def check_classes(label: LabelSpec, file: str) -> None:
    """Refuses a label that is none of the classes that the spec names.

    Args:
        label: The label.
        file: A file of records.

    Raises:
        SpecError: It names the label.
    """
    if label.classes is None or label.task not in (None, "binary", "multiclass"):
        return
    for features in itertools.islice(read_features(file), _RECORDS):
        if label.key not in features:
            continue
        feature = features[label.key]
        for index in feature.int64_list.value:
            if not 0 <= index < len(label.classes):
                raise SpecError(
                    f"The label {index} is no index of the {len(label.classes)} classes",
                    file,
                    "An integer label i is `label.classes[i]`, counted from 0.",
                )
        for value in feature.bytes_list.value:
            name = value.decode(errors="replace")
            if name not in label.classes:
                raise SpecError(
                    f"The label '{name}' is none of `label.classes`",
                    file,
                    did_you_mean(name, label.classes),
                )
