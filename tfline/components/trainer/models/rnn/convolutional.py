"""Networks of series with convolutions over their steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import Field

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size
from tfline.components.trainer.models.rnn.layers import RecurrentArguments, RecurrentLayers, Widths
from tfline.components.trainer.models.rnn.series import join_future, stack_series
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def conv_gru(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    filters: Size = 32,
    kernel_size: Size = 4,
    strides: Size = 2,
    units: Widths = (32,),
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds gated recurrent units that read what a convolution makes of the series.

    The convolution finds short patterns and shortens the series, so that the recurrent layers
    remember more of it (Géron 2022, Hands-On Machine Learning, chapter 15). For a label with
    `steps` it keeps all of them and sees none ahead: it is causal, without strides.

    Args:
        features: One or more series of equally many steps; see `stack_series` and, of what is
            known of the future, `join_future`.
        head: What to predict, from the last step, or at each.
        filters: The number of patterns.
        kernel_size: How many steps a pattern has.
        strides: How many steps lie between two windows of the convolution.
        units: The width of each recurrent layer.
        **options: Of the recurrent layers; the convolution begins and is kept small as they are.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are no series of equally many steps, or have less than
            `kernel_size` steps.
    """
    layers = RecurrentLayers(**options)
    inputs = build_inputs(features)
    x = stack_series(inputs, features, "conv_gru")  # [batch, steps, channels]
    if x.shape[1] < kernel_size:
        raise ModelError(
            f"A series is shorter than the window of conv_gru. Received: {x.shape[1]} steps, "
            f"kernel_size={kernel_size}",
            hint="Use a smaller `kernel_size`, or a longer `window`.",
        )
    every_step = head.steps > 1
    if every_step and layers.bidirectional:
        raise ModelError(
            "conv_gru would see at each step what it has to forecast there",
            where="model.bidirectional",
            hint="Leave out `bidirectional`, or the label's `steps`.",
        )
    weights = layers.arguments(axis=[0, 1])
    reading = {"padding": "causal"} if every_step else {"strides": strides}
    x = keras.layers.Conv1D(filters, kernel_size, activation="relu", **reading, **weights)(x)
    x = layers.stack(x, keras.layers.GRU, units, every_step=every_step)
    x = join_future(x, inputs, features, head, "conv_gru")
    return keras.Model(inputs, head.output(x), name="conv_gru")


def wavenet(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    filters: Size = 32,
    dilations: Annotated[tuple[Size, ...], Field(min_length=1, strict=False)] = (1, 2, 4, 8),
    repeats: Size = 2,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds causal convolutions whose steps lie wider and wider apart (van den Oord et al. 2016).

    This is WaveNet's stack of dilated layers without its gates and skips: with the defaults the
    output at a step depends on the 31 steps up to it. No step sees a later one.

    Args:
        features: One or more series of equally many steps; see `stack_series` and, of what is
            known of the future, `join_future`.
        head: What to predict, from the last step.
        filters: The width of each layer.
        dilations: How many steps lie between the two that each layer reads.
        repeats: How often the layers are repeated.
        **options: Of the convolutions; the dropout is that after the last one.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are no series of equally many steps.
    """
    layers = Layers(**options)
    inputs = build_inputs(features)
    x = stack_series(inputs, features, "wavenet")  # [batch, steps, channels]
    for rate in dilations * repeats:
        x = layers.causal_convolution(x, filters, 2, rate)  # [batch, steps, filters]
    if head.steps == 1:
        x = x[:, -1]  # [batch, filters]
    x = join_future(layers.drop(x), inputs, features, head, "wavenet")
    return keras.Model(inputs, head.output(x), name="wavenet")
