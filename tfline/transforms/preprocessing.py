"""The preprocessing_fn of TensorFlow Transform, for any list of feature specs.

It is traced once; the graph that results is the one used in Beam, in training and in serving.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tfline.transforms.analysis.passes import Analysis, run_together
from tfline.transforms.columns import as_numbers, as_series, as_strings, as_tokens
from tfline.transforms.features import NUMBER_TASKS, WEIGHT, FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.label import encode_label
from tfline.transforms.lazy import lazy_import
from tfline.transforms.table import resolve
from tfline.transforms.target import scale_target
from tfline.transforms.target_text import REFERENCE, reference_text

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")

_READERS: dict[str | None, Callable[[Any], Any]] = {
    "Numbers": as_numbers,
    "Strings": as_strings,
    "Bytes": as_strings,
    "Tokens": as_tokens,
    "Series": as_series,
}


def preprocessing_fn(
    inputs: Columns, custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor | tf.SparseTensor]:
    """Turns raw columns into the features and the label of a model.

    Args:
        inputs: Raw feature key to sparse tensor [batch, values].
        custom_config: ``features``, a list of dumped `FeatureSpec`; ``label``, a dumped
            `LabelSpec` with its task; ``class_values``, the raw label of each class (empty for
            numbers); ``weight``, the raw feature that says how much an example counts, if there
            is one.

    Returns:
        Transformed name to tensor, and the label under its key; of a text also under `REFERENCE`,
        of a number what `scale_target` makes of it, and the weight under `WEIGHT`.
    """
    features = [FeatureSpec.model_validate(item) for item in custom_config["features"]]
    label = LabelSpec.model_validate(custom_config["label"])
    analyses: list[Analysis[Any]] = [transform_feature(inputs, feature) for feature in features]
    is_number = label.task in NUMBER_TASKS
    if is_number:
        analyses.append(scale_target(inputs, label))
    results = run_together(analyses)
    target = results.pop() if is_number else {}
    outputs = {feature.name: _finite(x) for feature, x in zip(features, results, strict=True)}
    outputs |= target
    outputs[label.key] = encode_label(inputs, label, custom_config.get("class_values", ()))
    if label.task == "text":
        outputs[REFERENCE] = reference_text(inputs, label)
    weight = custom_config.get("weight")
    if weight is not None:
        outputs[WEIGHT] = as_numbers(inputs[weight])
    return outputs


def transform_feature(columns: Columns, feature: FeatureSpec) -> Analysis[tf.Tensor]:
    """Reads the raw columns of a feature and applies its steps."""
    x = _read(columns, feature)
    for step in feature.steps:
        result = resolve(step.transform)(x, **step.arguments)
        x = (yield from result) if inspect.isgenerator(result) else result
    return x


def _read(columns: Columns, feature: FeatureSpec) -> tf.Tensor | tf.RaggedTensor:
    """Returns what the first step takes; several columns side by side, [batch, n]."""
    read = _READERS.get(kinds_of(resolve(feature.steps[0].transform)).takes)
    found = []
    for key in feature.keys:
        column = columns[key]
        by_dtype = as_strings if column.dtype == tf.string else as_numbers
        found.append((read or by_dtype)(column))
    return found[0] if len(found) == 1 else tf.stack(found, axis=1)


def _finite(x: tf.Tensor | tf.SparseTensor) -> tf.Tensor | tf.SparseTensor:
    """Returns a tensor that a model can take: what no step has put right is 0."""
    if isinstance(x, tf.SparseTensor) or not x.dtype.is_floating:
        return x
    return tf.where(tf.math.is_finite(x), x, tf.zeros_like(x))
