"""An MLP that also has to remember its input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs, dense_vector
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size, Sizes, Weight
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.mlp import reconstruction
else:
    keras = lazy_import("keras")
    reconstruction = lazy_import("tfline.components.trainer.models.mlp.reconstruction")


def autoencoder_mlp(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    hidden_units: Sizes = (64, 64, 64),
    reconstruction_weight: Weight = 0.05,
    embedding_units: Size = 16,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds an MLP with an auxiliary reconstruction loss.

    A supervised autoencoder (Le et al. 2018, Supervised Autoencoders: Improving Generalization
    Performance with Unsupervised Regularizers). The last hidden layer has to hold enough to
    reconstruct the input from it, which regularizes the prediction.

    Args:
        features: Any; images are flattened, indices embedded.
        head: What to predict.
        hidden_units: The width of each hidden layer.
        reconstruction_weight: Of the reconstruction's mean squared error in the loss.
        embedding_units: The size of an index's embedding.
        **options: Of the hidden layers.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is no feature, or an index of unknown depth.
    """
    layers = Layers(**options)
    inputs = build_inputs(features)
    vector = dense_vector(inputs, features, embedding_units)  # [batch, width]
    x = layers.stack(vector, hidden_units)  # [batch, hidden_units[-1]]
    x = reconstruction.Reconstruction(reconstruction_weight)(x, vector)
    return keras.Model(inputs, head.output(x), name="autoencoder_mlp")
