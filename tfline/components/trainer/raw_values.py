"""A raw feature of each example of a split, in the order of the transformed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfline.components.trainer.splits import READ_FILES, Split, read_records
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.transforms.errors import DataError

_RECORDS = 1024


def raw_values(split: Split, graph: TransformGraph, key: str) -> npt.NDArray[Any]:
    """Returns the first value of a raw feature in each record that has a label, [split.labelled].

    Args:
        split: The split.
        graph: Tells which records have a label, and whether they have been written in their order.
        key: The raw feature; it need not be one of the model.

    Raises:
        DataError: A record has no value.
    """
    interleave = READ_FILES if graph.materialized(split.name) is None else 1
    values: list[Any] = []
    for examples in read_records(tf.constant(split.files), interleave).batch(_RECORDS):
        known = graph.known(examples)[0].numpy()
        for record in examples.numpy()[known]:
            feature = tf.train.Example.FromString(record).features.feature[key]
            kind = feature.WhichOneof("kind")
            found = getattr(feature, kind).value if kind else ()
            if not found:
                raise DataError(
                    f"A record of the {split.name} split has no `{key}`",
                    where=f"feature {key}",
                    hint="Give each record a value, or name another feature.",
                )
            values.append(found[0])
    return np.array(values)
