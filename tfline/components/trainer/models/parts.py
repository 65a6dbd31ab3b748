"""The parts of a layer that a spec chooses: by a name of Keras, or the user's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from tfline.components.trainer.named import OwnCode, own_or
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

InitializerName = Literal[
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
]
FunctionName = Literal[
    "elu", "gelu", "leaky_relu", "relu", "selu", "sigmoid", "silu", "softplus", "tanh"
]
ActivationName = Literal[FunctionName, "prelu", "rrelu"]

Initializer = Annotated[InitializerName | OwnCode, own_or("initializer", InitializerName)]
Function = Annotated[FunctionName | OwnCode, own_or("activation", FunctionName)]
"""An activation that is part of a layer."""
Activation = Annotated[ActivationName | OwnCode, own_or("activation", ActivationName)]
"""An activation that may be a layer itself, with weights (prelu) or chance (rrelu) of its own."""
Regularizer = Annotated[OwnCode, own_or("regularizer")]
Constraint = Annotated[OwnCode, own_or("constraint")]


def make_initializer(initializer: str | OwnCode) -> Any:
    """Returns what Keras takes as an initializer."""
    if isinstance(initializer, OwnCode):
        return initializer.make(keras.initializers.Initializer)
    return initializer


def make_function(activation: str | OwnCode) -> Any:
    """Returns what Keras takes as the activation within a layer."""
    if isinstance(activation, OwnCode):
        return activation.make(keras.layers.Layer)
    return activation


def activate(x: keras.KerasTensor, activation: str | OwnCode) -> keras.KerasTensor:
    """Returns the activation of x, [batch, ..., n]."""
    from tfline.components.trainer.models.rrelu import RReLU  # a class of Keras

    if activation == "prelu":  # one slope a channel, not one a pixel
        return keras.layers.PReLU(shared_axes=list(range(1, len(x.shape) - 1)) or None)(x)
    if activation == "rrelu":
        return RReLU()(x)
    made = make_function(activation)
    layer = made if isinstance(made, keras.layers.Layer) else keras.layers.Activation(made)
    return layer(x)
