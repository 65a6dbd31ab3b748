"""Transformed features as the columns of a table that trees are grown by."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from yggdrasil_decision_forests.dataset import data_spec_pb2
from yggdrasil_decision_forests.dataset.data_spec_pb2 import Column as Described
from yggdrasil_decision_forests.dataset.data_spec_pb2 import DataSpecification

from tfline.components.trainer.models.inputs import TensorFeature, refuse_strings
from tfline.transforms.errors import ModelError

Table = dict[str, npt.NDArray[np.generic]]
"""Name of a column to its values, [n]."""

LABEL = "tfline label"
"""The column of the label; no column of a feature can be called so."""

WEIGHT = "tfline weight"
"""The column of the weight of each example."""

_HINTS = {
    "image": "Trees do not see what is near what in a picture. Choose a model for images.",
    "text": "Make it with `bag_of_words` or `tf_idf`: a number for each term.",
    "depth": "Make it with `string_lookup`.",
}


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of the table.

    Attributes:
        name: What YDF calls it.
        feature: The transformed feature that it is of.
        depth: How many indices there are; None: it holds numbers.
    """

    name: str
    feature: str
    depth: int | None = None


class Columns:
    """The columns of some features, in their order.

    Args:
        features: Numbers, vectors of numbers, and indices.

    Attributes:
        all: The columns.

    Raises:
        ModelError: There is no feature, or one that trees cannot read.
    """

    def __init__(self, features: Sequence[TensorFeature]) -> None:
        if not features:
            raise ModelError("The model has no features", hint="Name at least one in `features`.")
        refuse_strings(features)
        for feature in features:
            _check(feature)
        self._features = features
        self.all = tuple(column for feature in features for column in _columns(feature))

    def split(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns the columns of transformed features [batch, ...]: name to tensor [batch]."""
        found: dict[str, tf.Tensor] = {}
        for feature in self._features:
            x = inputs[feature.name]
            columns = _columns(feature)
            flat = tf.reshape(x, [-1, len(columns)])
            parts = tf.unstack(flat, axis=1)
            found |= {column.name: part for column, part in zip(columns, parts, strict=True)}
        return found

    def describe(self, table: Table, label: Described) -> DataSpecification:
        """Returns what YDF has to know of each column.

        Args:
            table: The train split: a missing number counts as the mean of the others.
            label: What it has to know of the label.
        """
        spec = DataSpecification(created_num_rows=len(next(iter(table.values()))))
        for column in self.all:
            described = spec.columns.add(name=column.name)
            if column.depth is None:
                values = table[column.name]
                known = values[np.isfinite(values)].astype(np.float64)
                described.type = data_spec_pb2.NUMERICAL
                described.numerical.mean = known.mean() if len(known) else 0.0
            else:
                described.type = data_spec_pb2.CATEGORICAL
                described.categorical.is_already_integerized = True
                described.categorical.number_of_unique_values = column.depth
        spec.columns.add().CopyFrom(label)
        if WEIGHT in table:
            spec.columns.add(name=WEIGHT, type=data_spec_pb2.NUMERICAL)
        return spec

    def by_feature(self, values: Mapping[str, npt.NDArray[np.generic]]) -> dict[str, npt.NDArray]:
        """Returns sums over the columns of each feature; columns that are not there count 0."""
        found: dict[str, npt.NDArray] = {}
        for column in self.all:
            value = values.get(column.name)
            if value is not None:
                found[column.feature] = found.get(column.feature, 0) + value
        return found


def _columns(feature: TensorFeature) -> list[Column]:
    """Returns the columns of a feature: one, or as many as a vector has numbers."""
    if not feature.shape:
        return [Column(feature.name, feature.name, feature.depth)]
    width = math.prod(feature.shape)
    return [Column(f"{feature.name}[{place}]", feature.name) for place in range(width)]


def _check(feature: TensorFeature) -> None:
    reason = ""
    if feature.kind == "image":
        reason = "image"
    elif feature.is_text:
        reason = "text"
    elif feature.kind == "index" and feature.depth is None:
        reason = "depth"
    if reason:
        raise ModelError(
            f"Trees read numbers, vectors of numbers and categories. Received: {feature}",
            where=f"feature {feature.name}",
            hint=_HINTS[reason],
        )
