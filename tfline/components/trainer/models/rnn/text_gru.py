"""A recurrent network that reads a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import Size
from tfline.components.trainer.models.rnn.layers import RecurrentArguments, RecurrentLayers, Widths
from tfline.components.trainer.models.text import find_text, join_others
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def text_gru(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    embedding_units: Size = 64,
    units: Widths = (64,),
    **options: Unpack[RecurrentArguments],
) -> keras.Model:
    """Builds gated recurrent units (Cho et al. 2014) that read a text and skip its padding.

    Args:
        features: One text; numbers and categories beside it join the last state.
        head: What to predict.
        embedding_units: The size of an embedding that its feature does not give.
        units: The width of each recurrent layer.
        **options: Of the recurrent layers; the dropout is also that of the embedding.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is not one text, or an image.
    """
    layers = RecurrentLayers(**options)
    text, depth, others = find_text(features, "text_gru")
    inputs = build_inputs(features)
    width = text.embedding or embedding_units
    x = keras.layers.Embedding(depth, width, mask_zero=True)(inputs[text.name])
    if layers.dropout:
        x = keras.layers.SpatialDropout1D(layers.dropout)(x)  # [batch, length, width]
    x = layers.stack(x, keras.layers.GRU, units)  # [batch, units]
    x = join_others(x, inputs, others, embedding_units)  # [batch, units + others]
    return keras.Model(inputs, head.output(x), name="text_gru")
