"""A linear model and a multilayer perceptron, trained jointly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import Field

from tfline.components.trainer.models.inputs import (
    TensorFeature,
    build_inputs,
    dense_vector,
    embed,
    refuse_strings,
)
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size, Sizes, Weight
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError, did_you_mean
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models import auxiliary
else:
    keras = lazy_import("keras")
    auxiliary = lazy_import("tfline.components.trainer.models.auxiliary")

Names = Annotated[tuple[str, ...], Field(strict=False)]
LossWeights = Annotated[tuple[Weight, Weight], Field(strict=False)]


def wide_deep(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    hidden_units: Sizes = (128, 64),
    wide: Names | None = None,
    deep: Names | None = None,
    loss_weights: LossWeights | None = None,
    embedding_units: Size = 16,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a wide & deep model (Cheng et al. 2016, Wide & Deep Learning for Recommender Systems).

    The wide part memorises: a linear model. The deep part generalises: a multilayer perceptron.
    Their logits are added, and both are trained jointly.

    Args:
        features: Numbers and categories. Categories are indices and vectors such as one-hot.
        head: What to predict.
        hidden_units: The width of each hidden layer of the deep part.
        wide: The features of the wide part; None: the categories.
        deep: The features of the deep part, where indices are embedded; None: all.
        loss_weights: Of the output, and of an auxiliary output of the deep part alone, such as
            ``[0.9, 0.1]``; None: there is none.
        embedding_units: The size of an index's embedding.
        **options: Of the hidden layers.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: A feature is an image, in neither part or unknown, or none is in the wide part.
    """
    refuse_strings(features)
    _check_images(features)
    wide_features = _group("wide", wide, features) or [f for f in features if _is_category(f)]
    deep_features = _group("deep", deep, features) or list(features)
    _check_groups(features, wide_features, deep_features)
    inputs = build_inputs(features)
    linear = [_linear(inputs[f.name], f, head.logits) for f in wide_features]  # [batch, logits]
    x = dense_vector(inputs, deep_features, embedding_units)  # [batch, width]
    x = Layers(**options).stack(x, hidden_units)  # [batch, hidden_units[-1]]
    deep_logits = keras.layers.Dense(head.logits, name="deep")(x)  # [batch, logits]
    logits = keras.layers.Add(name="logits")([*linear, deep_logits])  # [batch, units]
    output = head.activate(logits, "output")
    if loss_weights is None:
        return keras.Model(inputs, output, name="wide_deep")
    second = head.activate(deep_logits, "auxiliary")
    network = keras.Model(inputs, [output, second])
    return auxiliary.AuxiliaryModel(network, loss_weights, name="wide_deep")


def _linear(x: keras.KerasTensor, feature: TensorFeature, units: int) -> keras.KerasTensor:
    """Returns w^T x without a bias, [batch, units]; for an index only its row of w is read."""
    if feature.kind == "index":
        return embed(x, feature, units, initializer="zeros")
    if not feature.shape:
        x = keras.layers.Reshape((1,))(x)
    return keras.layers.Dense(units, use_bias=False, kernel_initializer="zeros")(x)


def _is_category(feature: TensorFeature) -> bool:
    return feature.kind == "index" or len(feature.shape) == 1


def _group(
    part: str, names: Sequence[str] | None, features: Sequence[TensorFeature]
) -> list[TensorFeature]:
    """Returns the features of a part; empty if none are named."""
    by_name = {feature.name: feature for feature in features}
    unknown = [name for name in names or () if name not in by_name]
    if unknown:
        raise ModelError(
            f"wide_deep has no feature '{unknown[0]}'",
            where=f"model wide_deep, `{part}`",
            hint=did_you_mean(unknown[0], by_name),
        )
    return [by_name[name] for name in names or ()]


def _check_images(features: Sequence[TensorFeature]) -> None:
    images = [feature for feature in features if feature.kind == "image"]
    if images:
        raise ModelError(
            f"wide_deep takes numbers and categories. Received: {', '.join(map(str, images))}",
            where=f"feature {images[0].name}",
            hint="Use the model `cnn` for images.",
        )


def _check_groups(
    features: Sequence[TensorFeature],
    wide: Sequence[TensorFeature],
    deep: Sequence[TensorFeature],
) -> None:
    if not wide:
        raise ModelError(
            "wide_deep needs at least one category for its wide part. "
            f"Received: {', '.join(map(str, features)) or 'no features'}",
            hint="Use the model `mlp`, or make a category with `one_hot` or `string_lookup`; or "
            "name the features of the `wide` part.",
        )
    left_out = [feature.name for feature in features if feature not in (*wide, *deep)]
    if left_out:
        raise ModelError(
            "wide_deep uses all features, in its `wide` part, its `deep` part or both. "
            f"Received neither for: {', '.join(left_out)}",
            hint="Name them in one of both, or leave them out of the spec.",
        )
