"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs, dense_vector
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size, Sizes
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")


def mlp(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    hidden_units: Sizes = (128, 64),
    embedding_units: Size = 16,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a multilayer perceptron (Rumelhart et al. 1986).

    Args:
        features: Any; images are flattened, indices embedded.
        head: What to predict.
        hidden_units: The width of each hidden layer; none: a single-layer perceptron, which is
            a linear model (Rosenblatt 1958).
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
    x = layers.stack(x, hidden_units)  # [batch, hidden_units[-1]]
    return keras.Model(inputs, head.output(x), name="mlp")
