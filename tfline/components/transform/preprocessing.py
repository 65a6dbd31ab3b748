"""The preprocessing_fn of TensorFlow Transform, for any list of feature specs.

It is traced once; the graph that results is the one used in Beam, in training and in serving.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfline.tasks.table import find_task
from tfline.transforms.analysis.passes import Analysis, run_together
from tfline.transforms.columns import (
    as_numbers,
    as_series,
    as_strings,
    as_times,
    as_tokens,
    finite_or_missing,
)
from tfline.transforms.features import WEIGHT, FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.lazy import lazy_import
from tfline.transforms.table import TRANSFORMS, is_gapped, resolve
from tfline.transforms.taken import check_counts
from tfline.transforms.value_counts import ValueCount, checked

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")


def preprocessing_fn(
    inputs: Columns, custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Turns raw columns into the features and the label of a model.

    Args:
        inputs: Raw feature key to sparse tensor [batch, values].
        custom_config: ``features``, a list of dumped `FeatureSpec`; ``label``, a dumped
            `LabelSpec` with its task; ``class_values``, the raw label of each class (empty for
            numbers); ``weight``, the raw feature that says how much an example counts, if there
            is one; ``value_counts``, what the schema says of how many values a record holds, raw
            feature to the fewest and the most.

    Returns:
        Transformed name to tensor, and the label under its key; what `Task.beside` makes beside it,
        and the weight under `WEIGHT`.
    """
    features = [FeatureSpec.model_validate(item) for item in custom_config["features"]]
    label = LabelSpec.model_validate(custom_config["label"])
    weight = custom_config.get("weight")
    declared = {k: ValueCount(*v) for k, v in custom_config.get("value_counts", {}).items()}
    task = find_task(str(label.task))
    counts = check_counts(features, task.takes(label), weight, declared)
    inputs = checked(inputs, counts)
    analyses: list[Analysis[Any]] = [
        transform_feature(inputs, feature, counts) for feature in features
    ]
    *results, beside = run_together([*analyses, task.beside(inputs, label)])
    outputs = {
        feature.name: _as_missing(x) if is_gapped(feature) else _finite(x)
        for feature, x in zip(features, results, strict=True)
    }
    outputs |= beside
    outputs[label.key] = task.encode(inputs, label, custom_config.get("class_values", ()))
    if weight is not None:
        outputs[WEIGHT] = as_numbers(inputs[weight])
    return outputs


def transform_feature(
    columns: Columns, feature: FeatureSpec, counts: Mapping[str, ValueCount]
) -> Analysis[tf.Tensor]:
    """Reads the raw columns of a feature and applies its steps.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        feature: What becomes of which of them.
        counts: How many values a record may hold of each.
    """
    x = _read(columns, feature, counts)
    for step in feature.steps:
        if step.transform not in TRANSFORMS:  # the user's own, which takes what a model takes
            x = _as_float32(x)
        result = resolve(step.transform)(x, **step.arguments)
        x = (yield from result) if inspect.isgenerator(result) else result
    return x


def _read(
    columns: Columns, feature: FeatureSpec, counts: Mapping[str, ValueCount]
) -> tf.Tensor | tf.RaggedTensor:
    """Returns what the first step takes; several columns side by side, [batch, n]."""
    takes = kinds_of(resolve(feature.steps[0].transform)).takes
    found = [_read_column(columns[key], takes, counts[key]) for key in feature.keys]
    if len(found) == 1:
        return found[0]
    return tf.concat([x if len(x.shape) == 2 else x[:, tf.newaxis] for x in found], axis=1)


def _read_column(
    column: tf.SparseTensor, takes: str | None, count: ValueCount
) -> tf.Tensor | tf.RaggedTensor:
    """Returns a raw feature as a transform takes it; vectors are [batch, n]."""
    width = count.width if count.high != 1 else None
    match takes:
        case "Tokens":
            return as_tokens(column)
        case "Series":
            return as_series(column, tf.float64)
        case "Times":
            return as_times(column)
        case "Strings" | "Bytes":
            return as_strings(column, width)
        case None if column.dtype == tf.string:
            return as_strings(column, width)
        case _:
            return as_numbers(column, width, tf.float64)


def _as_float32(x: Any) -> Any:
    """Returns float64 as float32; what is none as it is."""
    return tf.cast(x, tf.float32) if x.dtype == tf.float64 else x


def _as_missing(x: tf.Tensor) -> tf.Tensor:
    """Returns float32 with NaN for what is missing, and for what is no finite number."""
    return finite_or_missing(_as_float32(x))


def _finite(x: tf.Tensor | tf.SparseTensor) -> tf.Tensor | tf.SparseTensor:
    """Returns a tensor that a model can take: what no step has put right is 0."""
    if isinstance(x, tf.SparseTensor) or not x.dtype.is_floating:
        return x
    x = _as_float32(x)
    return tf.where(tf.math.is_finite(x), x, tf.zeros_like(x))
