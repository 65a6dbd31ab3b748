"""What a model is built from, and the first layers that all models share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras
else:
    keras = lazy_import("keras")

Kind = Literal["numeric", "index", "image", "string"]


@dataclasses.dataclass(frozen=True)
class TensorFeature:
    """A transformed feature, as the transform graph gives it.

    Attributes:
        name: Its name; unique in a pipeline.
        kind: ``numeric`` is float32 [batch], [batch, n] or [batch, steps, n], ``index`` int64
            [batch] or [batch, length], ``image`` float32 [batch, height, width, channels],
            ``string`` string [batch].
        shape: Its shape without the batch dimension.
        depth: How many indices there are, for an index.
        embedding: The size of its embedding; None: the model's own choice.
        gapped: Whether a missing number is NaN, which only trees take; else it has been replaced.
        in_order: Whether several numbers may be the steps of a series; those of categories are not.
        ahead: Whether it is what is known in advance of the steps that are forecast.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...] = ()
    depth: int | None = None
    embedding: int | None = None
    gapped: bool = False
    in_order: bool = True
    ahead: bool = False

    @property
    def dtype(self) -> str:
        """The dtype of the tensor."""
        if self.kind == "string":
            return "string"
        return "int64" if self.kind == "index" else "float32"

    @property
    def is_text(self) -> bool:
        """Whether it is a text: the indices of its tokens, [batch, length]; 0 is padding."""
        return self.kind == "index" and len(self.shape) == 1

    @property
    def is_series(self) -> bool:
        """Whether it is a series: numbers in their order, [batch, steps] or [batch, steps, n]."""
        in_order = self.in_order and not self.ahead
        return self.kind == "numeric" and len(self.shape) in (1, 2) and in_order

    def __str__(self) -> str:
        if self.is_text:
            return f"{self.name} (text of {self.shape[0]} tokens, depth {self.depth})"
        if self.kind == "string":
            return f"{self.name} (string)"
        size = f"depth {self.depth}" if self.kind == "index" else str(list(self.shape))
        return f"{self.name} ({self.kind} {size})"


def build_inputs(features: Sequence[TensorFeature]) -> dict[str, keras.KerasTensor]:
    """Returns one input a feature, [batch, *shape], by the feature's name."""
    return {feature.name: _build_input(feature) for feature in features}


def _build_input(feature: TensorFeature) -> keras.KerasTensor:
    # A Keras layer's name has no slash, but names such as `image/encoded` are common.
    tensor = keras.KerasTensor((None, *feature.shape), feature.dtype, name=feature.name)
    return keras.Input(tensor=tensor, name=feature.name.replace("/", "."))


def dense_vector(
    inputs: Mapping[str, keras.KerasTensor],
    features: Sequence[TensorFeature],
    embedding_units: int,
) -> keras.KerasTensor:
    """Joins all features into one vector a record.

    Args:
        inputs: Name to input.
        features: Numbers and images are taken as they are (flattened), an index is embedded.
        embedding_units: The size of an embedding that the feature does not give.

    Returns:
        float32 [batch, width].

    Raises:
        ModelError: There is no feature, an index of unknown depth, or a string.
    """
    if not features:
        raise ModelError("The model has no features", hint="Name at least one in `features`.")
    refuse_strings(features)
    parts = []
    for feature in features:
        x = inputs[feature.name]
        if feature.kind == "index":
            units = feature.embedding or embedding_units
            parts.append(embed(x, feature, units))  # [batch, units]
        elif feature.shape:
            parts.append(keras.layers.Flatten()(x))  # [batch, product of shape]
        else:
            parts.append(keras.layers.Reshape((1,))(x))  # [batch, 1]
    return keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]


def refuse_strings(features: Sequence[TensorFeature]) -> None:
    """Refuses features that are no numbers.

    Raises:
        ModelError: One is a string.
    """
    strings = [feature for feature in features if feature.kind == "string"]
    if strings:
        raise ModelError(
            f"Feature '{strings[0].name}' is no number: only an encoder of texts reads strings. "
            f"Received: {strings[0]}",
            where=f"feature {strings[0].name}",
            hint="Use the model `text_transfer`, or make it with `text_vectorization` or "
            "`bag_of_words` for a text, with `string_lookup` for a category.",
        )


def embed(
    x: keras.KerasTensor, feature: TensorFeature, units: int, initializer: str = "uniform"
) -> keras.KerasTensor:
    """Returns one trained row of `units` numbers for each index: [batch] -> [batch, units].

    Raises:
        ModelError: The feature's depth is not known, or it has several indices a record.
    """
    if feature.depth is None or feature.shape:
        raise ModelError(
            f"Feature '{feature.name}' cannot be embedded: expected one index a record below a "
            f"known depth. Received: {feature}",
            hint="Use `text_gru` or `text_transformer` for a text, or make it with `bag_of_words`."
            if feature.is_text
            else "Make it with `string_lookup`.",
        )
    return keras.layers.Embedding(feature.depth, units, embeddings_initializer=initializer)(x)
