"""What the models of series share: their input, step by step, and what is known of the future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.components.trainer.models.inputs import TensorFeature, dense_vector
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

EMBEDDING_UNITS = 8
"""The size of the embedding of a category beside the series, if its feature does not give it."""


def stack_series(
    inputs: Mapping[str, keras.KerasTensor], features: Sequence[TensorFeature], model: str
) -> keras.KerasTensor:
    """Returns all features at each step.

    Args:
        inputs: Name to input.
        features: One or more series of equally many steps: each is one channel, or several. A
            number or a category beside them is the same at each step. What is known of the future
            is left to `join_future`.
        model: The name of the model, for an error.

    Returns:
        float32 [batch, steps, channels].

    Raises:
        ModelError: There is no series, they have different numbers of steps, or a feature is an
            image, a text or of unknown depth.
    """
    steps = _steps(features, model)
    constant = [f for f in features if not f.is_series and not f.ahead]
    channels = [
        inputs[f.name] if len(f.shape) == 2 else keras.layers.Reshape((steps, 1))(inputs[f.name])
        for f in features
        if f.is_series
    ]  # each [batch, steps, n]
    if constant:
        vector = dense_vector(inputs, constant, EMBEDDING_UNITS)  # [batch, width]
        channels.append(keras.layers.RepeatVector(steps)(vector))  # [batch, steps, width]
    return keras.layers.Concatenate()(channels) if len(channels) > 1 else channels[0]


def join_future(
    x: keras.KerasTensor,
    inputs: Mapping[str, keras.KerasTensor],
    features: Sequence[TensorFeature],
    head: Head,
    model: str,
) -> keras.KerasTensor:
    """Returns what a model has read of the past with what is known of the future beside it.

    What is known counts by itself, so that the last layer can add the effect of a holiday to its
    step, and together with the past, by a layer of the past's width that reads both.

    Args:
        x: float32 [batch, width], or [batch, steps, width] of a forecast at each step.
        inputs: Name to input.
        features: All of the model; those that are known in advance are read.
        head: What is predicted.
        model: The name of the model, for an error.

    Returns:
        float32 [batch, width + known + width]; `x` if nothing is known of the future.

    Raises:
        ModelError: Something is, and a forecast is made at each step, whose futures differ.
    """
    known = [feature for feature in features if feature.ahead]
    if not known:
        return x
    if head.steps > 1:
        raise ModelError(
            f"{model} forecasts at each step, and '{known[0].name}' is known of the future of the "
            "last one alone",
            where=f"feature {known[0].name}",
            hint="Leave out the label's `steps`, or this feature.",
        )
    future = dense_vector(inputs, known, EMBEDDING_UNITS)  # [batch, known]
    both = keras.layers.Concatenate()([x, future])
    mixed = keras.layers.Dense(x.shape[-1], activation="relu")(both)  # [batch, width]
    return keras.layers.Concatenate()([both, mixed])


def _steps(features: Sequence[TensorFeature], model: str) -> int:
    """Returns how many steps the series have."""
    unfit = [f for f in features if f.kind == "image" or f.is_text]
    steps = {feature.shape[0] for feature in features if feature.is_series}
    if unfit or not steps:
        raise ModelError(
            f"{model} takes one or more series, and numbers and categories beside them. "
            f"Received: {', '.join(map(str, unfit or features)) or 'no features'}",
            hint="Make a series with `window` or `pad`; use `text_gru` for a text.",
        )
    if len(steps) > 1:
        raise ModelError(
            f"The series of {model} must have equally many steps. "
            f"Received: {', '.join(str(f) for f in features if f.is_series)}",
            hint="Give their `window` or `pad` one `length`.",
        )
    return steps.pop()
