"""What the models of text share: one text a record, and what else is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tfline.components.trainer.models.inputs import TensorFeature, dense_vector
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
else:
    keras = lazy_import("keras")


class TextFeatures(NamedTuple):
    """The features of a model of text.

    Attributes:
        text: The indices of tokens, int64 [batch, length]; 0 is padding.
        depth: How many tokens there are.
        others: Numbers, categories and vectors.
    """

    text: TensorFeature
    depth: int
    others: tuple[TensorFeature, ...]


def find_text(features: Sequence[TensorFeature], model: str) -> TextFeatures:
    """Returns the text among the features.

    Args:
        features: One text, and anything but images beside it.
        model: The name of the model, for an error.

    Raises:
        ModelError: There is no text, or more than one, or an image, or the text's depth is not
            known.
    """
    texts = [feature for feature in features if feature.is_text]
    if len(texts) != 1 or any(feature.kind == "image" for feature in features):
        raise ModelError(
            f"{model} takes one text, and numbers and categories beside it. "
            f"Received: {', '.join(map(str, features)) or 'no features'}",
            hint="Make a text with `text_vectorization` or with a chain that ends with "
            "`token_ids`; join several raw texts into one before.",
        )
    [text] = texts
    if text.depth is None:
        raise ModelError(
            f"{model} needs to know how many tokens there are. Received: {text}",
            where=f"feature {text.name}",
            hint="Make it with `text_vectorization` or `token_ids`.",
        )
    others = tuple(feature for feature in features if feature is not text)
    return TextFeatures(text, text.depth, others)


def join_others(
    x: keras.KerasTensor,
    inputs: Mapping[str, keras.KerasTensor],
    others: Sequence[TensorFeature],
    embedding_units: int,
) -> keras.KerasTensor:
    """Returns [batch, units + width]: the vector of the text, x, and the other features."""
    if not others:
        return x
    return keras.layers.Concatenate()([x, dense_vector(inputs, others, embedding_units)])
