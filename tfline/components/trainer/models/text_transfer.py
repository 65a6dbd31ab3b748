"""Transfer learning for texts: an encoder that has read much turns each into a vector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import AfterValidator, Field

from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.layers import LayerArguments, Layers, Size, Sizes
from tfline.components.trainer.models.text import join_others
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models import fine_tuned, text_encoder
else:
    keras = lazy_import("keras")
    fine_tuned = lazy_import("tfline.components.trainer.models.fine_tuned")
    text_encoder = lazy_import("tfline.components.trainer.models.text_encoder")


def _saved_model(folder: str) -> str:
    for file in ("saved_model.pb", "variables/variables.index"):
        if not os.path.isfile(os.path.join(folder, file)):
            raise ValueError(f"expected the folder of a SavedModel; it has no {file}")
    return folder


SavedModelFolder = Annotated[str, AfterValidator(_saved_model), Field(examples=["encoder"])]


def text_transfer(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    encoder: SavedModelFolder,
    trainable: bool = False,
    frozen_epochs: Annotated[int, Field(ge=0)] = 3,
    rate_factor: Annotated[float, Field(gt=0, le=1)] = 0.1,
    hidden_units: Sizes = (64,),
    embedding_units: Size = 16,
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds new layers on an encoder of texts that is trained already.

    A network that has learnt from much text needs few labels (Howard and Ruder 2018, Universal
    Language Model Fine-tuning for Text Classification; Cer et al. 2018, Universal Sentence
    Encoder). It is frozen; or frozen for some epochs, as the large gradients of new layers would
    spoil it, and then trained with them, slowly.

    Args:
        features: One string (`text`); numbers and categories beside it join its vector.
        head: What to predict.
        encoder: The folder of a SavedModel that turns strings [batch] into vectors [batch, n],
            such as a text embedding of TF Hub.
        trainable: Whether the encoder is trained, too.
        frozen_epochs: How many epochs it is frozen for before.
        rate_factor: What the learning rate is multiplied with after them.
        hidden_units: The width of each dense layer between the encoder and the output.
        embedding_units: The size of the embedding of a category beside the text.
        **options: Of the hidden layers; the dropout is also that after the encoder.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is not one string, the encoder cannot be used, or it is to be trained and
            has nothing to train.
    """
    text = _find_string(features)
    layers = Layers(**options)
    inputs = build_inputs(features)
    encode = text_encoder.TextEncoder(encoder, name="encoder", trainable=trainable)
    if trainable and not encode.trainable_variables:
        raise ModelError(
            "The encoder has no variables that can be trained",
            where=encoder,
            hint="Leave `trainable` out, or take an encoder that can be fine-tuned.",
        )
    x = layers.drop(encode(inputs[text.name]))  # [batch, encode.units]
    others = [feature for feature in features if feature is not text]
    x = join_others(x, inputs, others, embedding_units)  # [batch, encode.units + others]
    output = head.output(layers.stack(x, hidden_units))
    if not trainable:
        return keras.Model(inputs, output, name="text_transfer")
    network = keras.Model(inputs, output)
    return fine_tuned.FineTunedModel(
        network, encode.name, frozen_epochs, rate_factor, name="text_transfer"
    )


def _find_string(features: Sequence[TensorFeature]) -> TensorFeature:
    strings = [feature for feature in features if feature.kind == "string"]
    if len(strings) != 1 or any(feature.kind == "image" for feature in features):
        raise ModelError(
            "text_transfer takes one text as a string, and numbers and categories beside it. "
            f"Received: {', '.join(map(str, features)) or 'no features'}",
            hint="Make it with `text`, as its encoder cuts a text into tokens itself; join several "
            "raw texts into one before.",
        )
    return strings[0]
