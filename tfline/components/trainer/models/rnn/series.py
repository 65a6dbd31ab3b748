"""What the models of series share: their input, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.components.trainer.models.inputs import TensorFeature, dense_vector
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
            number or a category beside them is the same at each step.
        model: The name of the model, for an error.

    Returns:
        float32 [batch, steps, channels].

    Raises:
        ModelError: There is no series, they have different numbers of steps, or a feature is an
            image, a text or of unknown depth.
    """
    steps = _steps(features, model)
    constant = [feature for feature in features if not feature.is_series]
    channels = [
        inputs[f.name] if len(f.shape) == 2 else keras.layers.Reshape((steps, 1))(inputs[f.name])
        for f in features
        if f.is_series
    ]  # each [batch, steps, n]
    if constant:
        vector = dense_vector(inputs, constant, EMBEDDING_UNITS)  # [batch, width]
        channels.append(keras.layers.RepeatVector(steps)(vector))  # [batch, steps, width]
    return keras.layers.Concatenate()(channels) if len(channels) > 1 else channels[0]


def _steps(features: Sequence[TensorFeature], model: str) -> int:
    """Returns how many steps the series have."""
    unfit = [feature for feature in features if feature.kind == "image" or feature.is_text]
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
