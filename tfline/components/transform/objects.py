"""The objects of pictures, looked at record by record before anything is trained on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import tensorflow as tf

from tfline.components.artifacts.splits import compression
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec
from tfline.transforms.objects import MOST_OBJECTS, object_fault, object_sides

_BATCH = 4096


def check_objects(
    label: LabelSpec, dtype: tf.DType, files: Mapping[str, Sequence[str]]
) -> LabelSpec:
    """Returns the label with the most objects of a picture.

    Args:
        label: What the spec says of it.
        dtype: Type of the classes.
        files: TFRecord files of each split.

    Raises:
        AnomalyError: A record has lists of different lengths, a box outside the picture or without
            a height or a width, or too many objects; it names the record.
    """
    most = label.length or MOST_OBJECTS
    keys = object_sides(label)
    for split, paths in files.items():
        for path in paths:
            for number, names, sides in _records(path, label.key, dtype, keys):
                fault = object_fault(names, dict(zip(keys, sides, strict=True)), most)
                if fault:
                    raise AnomalyError(
                        f"The objects of record {number:,} of the {split} split are wrong: {fault}",
                        where=path,
                        hint=_hint(len(names), most),
                    )
    return label.model_copy(update={"length": most})


def _hint(objects: int, most: int) -> str:
    if objects > most:
        return f"Say how many there may be: `label: {{length: {objects}}}`."
    return (
        "Each object has a class and four sides in shares of the picture's height and width: "
        "ymin < ymax and xmin < xmax, from 0 to 1."
    )


def _records(
    path: str, key: str, dtype: tf.DType, sides: Sequence[str]
) -> Iterator[tuple[int, list[object], list[list[float]]]]:
    """Yields the number, the classes and the sides of each record that has any."""
    spec = {key: tf.io.RaggedFeature(dtype)} | {s: tf.io.RaggedFeature(tf.float32) for s in sides}
    batches = tf.data.TFRecordDataset(path, compression(path)).batch(_BATCH)
    done = 0
    for records in batches.prefetch(2):
        parsed = tf.io.parse_example(records, spec)
        columns = [parsed[name] for name in (key, *sides)]
        ends = [column.row_splits.numpy() for column in columns]
        values = [column.values.numpy() for column in columns]
        for row in range(len(records)):
            names, *box = (
                of_column[split[row] : split[row + 1]].tolist()
                for of_column, split in zip(values, ends, strict=True)
            )
            if len(names) or any(map(len, box)):
                yield done + row, names, box
        done += len(records)
