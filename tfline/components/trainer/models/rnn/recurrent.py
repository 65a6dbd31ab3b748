"""Recurrent networks of series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import Size
from tfline.components.trainer.models.rnn.layers import (
    RecurrentArguments,
    RecurrentLayer,
    RecurrentLayers,
    Widths,
)
from tfline.components.trainer.models.rnn.series import join_future, stack_series
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.rnn import layer_norm_cell
else:
    keras = lazy_import("keras")
    layer_norm_cell = lazy_import("tfline.components.trainer.models.rnn.layer_norm_cell")


def simple_rnn(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 32,
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds one layer of h(t) = tanh(W x(t) + U h(t - 1) + b) (Elman 1990).

    Features, result and errors are those of `deep_rnn`.

    Args:
        features: See `deep_rnn`.
        head: See `deep_rnn`.
        units: The width of the layer.
        **options: Of the recurrent layer.
    """
    layer = keras.layers.SimpleRNN
    return _build("simple_rnn", features, head, layer, (units,), options)


def deep_rnn(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Widths = (32, 32),
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds several layers of `simple_rnn`, each reading the steps of the one below.

    Args:
        features: One or more series of equally many steps; see `stack_series` and, of what is
            known of the future, `join_future`.
        head: What to predict, from the last step or at each.
        units: The width of each layer.
        **options: Of the recurrent layers.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are no series of equally many steps; or it is bidirectional and
            predicts at each step.
    """
    layer = keras.layers.SimpleRNN
    return _build("deep_rnn", features, head, layer, units, options)


def layer_norm_rnn(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Widths = (32, 32),
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds `deep_rnn` with a normalization of each step's state (Ba et al. 2016).

    Features, result and errors are those of `deep_rnn`.

    Args:
        features: See `deep_rnn`.
        head: See `deep_rnn`.
        units: The width of each layer.
        **options: Of the recurrent layers.
    """
    layer = _layer_norm_layer
    return _build("layer_norm_rnn", features, head, layer, units, options)


def lstm(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Widths = (32,),
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds layers of long short-term memory (Hochreiter and Schmidhuber 1997).

    Features, result and errors are those of `deep_rnn`.

    Args:
        features: See `deep_rnn`.
        head: See `deep_rnn`.
        units: The width of each layer.
        **options: Of the recurrent layers.
    """
    return _build("lstm", features, head, keras.layers.LSTM, units, options)


def gru(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Widths = (32,),
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds layers of gated recurrent units (Cho et al. 2014).

    Features, result and errors are those of `deep_rnn`.

    Args:
        features: See `deep_rnn`.
        head: See `deep_rnn`.
        units: The width of each layer.
        **options: Of the recurrent layers.
    """
    return _build("gru", features, head, keras.layers.GRU, units, options)


def _build(
    name: str,
    features: Sequence[TensorFeature],
    head: Head,
    layer: RecurrentLayer,
    units: Sequence[int],
    options: RecurrentArguments,
) -> keras.Model:
    layers = RecurrentLayers(**options)
    inputs = build_inputs(features)
    x = stack_series(inputs, features, name)  # [batch, steps, channels]
    every_step = head.steps > 1
    if every_step and layers.bidirectional:
        raise ModelError(
            f"{name} would see at each step what it has to forecast there",
            where="model.bidirectional",
            hint="Leave out `bidirectional`, or the label's `steps`.",
        )
    x = layers.stack(
        x, layer, units, every_step=every_step
    )  # [batch, width] or [batch, steps, width]
    x = join_future(x, inputs, features, head, name)
    return keras.Model(inputs, head.output(x), name=name)


def _layer_norm_layer(
    units: int, *, return_sequences: bool, **arguments: Any
) -> keras.layers.Layer:
    cell = layer_norm_cell.LayerNormCell(units, **arguments)
    return keras.layers.RNN(cell, return_sequences=return_sequences)
