"""Dense residual blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs, dense_vector
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def residual_mlp(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    units: Size = 64,
    blocks: Size = 3,
    block_layers: Size = 2,
    embedding_units: Size = 16,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds an MLP whose blocks add to their input (He et al. 2016, of dense layers).

    The way around each block lets the gradient reach the first layers of a deep network.

    Args:
        features: Any; images are flattened, indices embedded.
        head: What to predict.
        units: The width of every layer.
        blocks: How many residual blocks there are.
        block_layers: How many hidden layers a block has.
        embedding_units: The size of an index's embedding.
        **options: Of the hidden layers.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is no feature, or an index of unknown depth.
    """
    layers = Layers(**options)
    inputs = build_inputs(features)
    x = dense_vector(inputs, features, embedding_units)  # [batch, width]
    x = layers.dense(x, units)  # [batch, units]
    for _ in range(blocks):
        x = keras.layers.Add()([x, layers.stack(x, [units] * block_layers)])
    return keras.Model(inputs, head.output(x), name="residual_mlp")
