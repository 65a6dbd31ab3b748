"""The transform graph as the Trainer sees it: from raw records to the tensors of a model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pydantic
import tensorflow as tf
import tensorflow_transform as tft

from tfline.components.artifacts.blocks import Written
from tfline.components.trainer.models.inputs import Kind, TensorFeature
from tfline.tasks.heads.head import Head
from tfline.tasks.table import find_task
from tfline.tasks.task import Task
from tfline.transforms.errors import ModelError
from tfline.transforms.features import WEIGHT
from tfline.transforms.target import TARGET, TargetScale
from tfline.transforms.target_text import REFERENCE
from tfline.transforms.value_counts import ONE, ValueCount

Columns = dict[str, tf.SparseTensor]
"""Raw feature to its values, [batch, values]."""

Features = dict[str, tf.Tensor]
"""Transformed feature to a dense tensor, [batch, ...]."""

Batch = tuple[Any, ...]
"""Features and label, [batch, ...]; then the weight of each example, if they have some."""


class _Metadata(pydantic.BaseModel):
    """Base of what is read from ``tfline.json``: keys that are not needed here are passed over."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")


class FeatureMetadata(_Metadata):
    """A transformed feature; see `TensorFeature`.

    Attributes:
        keys: The raw features that it is made from.
        augment: What is done to it in training only.
    """

    name: str
    keys: tuple[str, ...]
    kind: Kind
    shape: tuple[int, ...]
    depth: int | None
    gapped: bool = False
    in_order: bool = True
    ahead: bool = False
    embedding: int | None = None
    augment: dict[str, Any] | None = None


class TransformMetadata(_Metadata):
    """What Transform says of its graph.

    Attributes:
        task: What the label asks for.
        label: The name of the transformed label.
        label_keys: The raw features that it is read from.
        size: How many numbers the label has.
        steps: At how many steps of a series it has them.
        series: The raw feature that names one of several series; None: there is one.
        classes: The names of the classes.
        class_values: The raw label of each class.
        shape: Of a mask or an image.
        separator: What stands between the tokens of a text.
        target: How a number is scaled for training; None: it has no statistics.
        features: The transformed features.
        raw: The dtype of each raw feature.
        value_counts: The fewest and the most values that a record may hold of a raw feature.
        weight: The raw feature that says how much an example counts; None: all count the same.
    """

    task: str
    label: str
    label_keys: tuple[str, ...]
    size: int
    steps: int = 1
    series: str | None = None
    classes: tuple[str, ...]
    class_values: tuple[int | str, ...]
    shape: tuple[int, ...] | None = None
    separator: str = " "
    target: TargetScale | None = None
    features: tuple[FeatureMetadata, ...]
    raw: dict[str, Literal["float32", "int64", "string"]]
    weight: str | None = None
    value_counts: dict[str, ValueCount] = {}


class TransformGraph(tf.Module):
    """Parses raw records and transforms them.

    The graph is the SavedModel itself, not TensorFlow Transform's layer around it: that is a model
    of Keras 2, whose tracing doubles the time of an export.

    Args:
        path: A TransformGraph artifact.

    Raises:
        ModelError: The artifact lacks its ``tfline.json``, or it cannot be read.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self.metadata = _read_metadata(path)
        output = tft.TFTransformOutput(path)
        self._raw_spec = output.raw_feature_spec()
        self._saved_model = tf.saved_model.load(output.transform_savedmodel_dir)

    @property
    def features(self) -> tuple[TensorFeature, ...]:
        """The inputs of a model."""
        return tuple(
            TensorFeature(
                feature.name,
                feature.kind,
                feature.shape,
                feature.depth,
                feature.embedding,
                feature.gapped,
                feature.in_order,
                feature.ahead,
            )
            for feature in self.metadata.features
        )

    @property
    def task(self) -> Task:
        """What the label asks for."""
        return find_task(self.metadata.task)

    @property
    def head(self) -> Head:
        """What a model has to predict."""
        return self.task.make_head(self.metadata)

    @property
    def augmentations(self) -> dict[str, dict[str, Any]]:
        """What is done to images in training only: feature to arguments of `augment`."""
        return {f.name: f.augment for f in self.metadata.features if f.augment is not None}

    @property
    def columns(self) -> dict[str, tf.DType]:
        """The raw features that the inputs of a model are made from."""
        keys = dict.fromkeys(key for feature in self.metadata.features for key in feature.keys)
        return {key: tf.as_dtype(self.metadata.raw[key]) for key in keys}

    def value_count(self, key: str) -> ValueCount:
        """Returns how many values a record may hold of one of `columns`."""
        return self.metadata.value_counts.get(key, ONE)

    def materialized(self, split: str) -> Written | None:
        """Returns what reads the transformed examples of a split, if they have been written.

        Returns:
            Blocks of features and label, as `labelled` returns them.
        """
        folder = os.path.join(self._path, "materialized", split)
        if not tf.io.gfile.exists(folder):
            return None
        return Written(folder).changed(lambda blocks: blocks.map(self._batch))

    def parse(self, examples: tf.Tensor, keys: Sequence[str]) -> Columns:
        """Parses serialized tf.Examples, string [batch]; only the features `keys`."""
        spec = {key: self._raw_spec[key] for key in keys}
        columns: Columns = tf.io.parse_example(examples, spec)
        return columns

    def transform(self, columns: Mapping[str, tf.SparseTensor]) -> Features:
        """Returns the transformed features of `columns`, which need not hold the label."""
        return self._features(self._apply(columns))

    def labelled(self, examples: tf.Tensor) -> Batch:
        """Parses and transforms serialized tf.Examples.

        Args:
            examples: string [batch].

        Returns:
            The features; the label: integers, -1 where it is missing, or float32, NaN where it is
            missing, [batch, ...], see `Head.example`; and, if the spec names one, the weight,
            float32 [batch].
        """
        return self._batch(self._apply(self.parse(examples, list(self._raw_spec))))

    def weight(self, examples: tf.Tensor) -> tf.Tensor:
        """Returns the weight, float32 [batch], of serialized tf.Examples, string [batch]."""
        key = str(self.metadata.weight)
        return self._apply(self.parse(examples, [key]))[WEIGHT]

    def label(self, examples: tf.Tensor) -> tf.Tensor:
        """Returns the label of serialized tf.Examples, in its own unit."""
        parsed = self.parse(examples, self.metadata.label_keys)
        return self._apply(parsed)[self.metadata.label]

    def reference(self, examples: tf.Tensor) -> tf.Tensor:
        """Returns the text that is to be written of serialized tf.Examples, string [batch]."""
        return self._apply(self.parse(examples, self.metadata.label_keys))[REFERENCE]

    def known(self, examples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns which of the serialized tf.Examples have a label and a target, bool [batch] each.

        They differ where a label cannot be scaled; see `TargetScale`.
        """
        tensors = self._apply(self.parse(examples, self.metadata.label_keys))
        labelled = is_known(tensors[self.metadata.label])
        if self._target == self.metadata.label:
            return labelled, labelled
        return labelled, is_known(tensors[self._target])

    def _apply(self, columns: Mapping[str, tf.SparseTensor]) -> Features:
        """Returns all outputs of the graph, those of the columns that are not given made up.

        TensorFlow prunes the operations whose result is not used.
        """
        records = next(iter(columns.values())).dense_shape[0]
        missing = {
            key: _empty_column(records, spec.dtype)
            for key, spec in self._raw_spec.items()
            if key not in columns
        }
        tensors: Features = self._saved_model.transform_fn({**columns, **missing})
        return tensors

    def _batch(self, tensors: Features) -> Batch:
        pair = self.head.example(self._features(tensors), tensors[self._target])
        return pair if self.metadata.weight is None else (*pair, tensors[WEIGHT])

    @property
    def _target(self) -> str:
        """The name of what a model is trained on: of numbers, the label in other units."""
        return self.metadata.label if self.metadata.target is None else TARGET

    def _features(self, tensors: Features) -> Features:
        # The graph does not know how wide a one-hot vector is: its vocabulary is a file.
        return {
            feature.name: tf.ensure_shape(_dense(tensors[feature.name]), [None, *feature.shape])
            for feature in self.metadata.features
        }


def _dense(tensor: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    return tf.sparse.to_dense(tensor) if isinstance(tensor, tf.SparseTensor) else tensor


def is_known(label: tf.Tensor) -> tf.Tensor:
    """Returns where a transformed label [batch, ...] is one: nothing is -1 or NaN."""
    known = tf.math.is_finite(label) if label.dtype.is_floating else label >= 0
    return tf.reduce_all(known, axis=tf.range(1, tf.rank(known)))


def _empty_column(records: tf.Tensor, dtype: tf.DType) -> tf.SparseTensor:
    """Returns a column [records, 0]."""
    return tf.SparseTensor(
        indices=tf.zeros([0, 2], tf.int64),
        values=tf.zeros([0], dtype),
        dense_shape=tf.stack([records, tf.constant(0, tf.int64)]),
    )


def _read_metadata(path: str) -> TransformMetadata:
    file = os.path.join(path, "tfline.json")
    try:
        content = tf.io.gfile.GFile(file).read()
        return TransformMetadata.model_validate_json(content)
    except (tf.errors.NotFoundError, pydantic.ValidationError) as exc:
        raise ModelError(
            "The transform graph does not describe its features",
            where=file,
            hint="Run Transform again with this version of tfline.",
        ) from exc
