"""An encoder of texts that is trained already, as a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from tfline.components.artifacts.saved_model import load_saved_model
from tfline.transforms.errors import ModelError

VECTORS = ("default", "pooled_output")
"""What encoders of TF Hub call the vector of a text, among several outputs."""

Encode = Callable[[tf.Tensor, bool], tf.Tensor]
"""From texts, string [batch], and whether they are trained on, to vectors [batch, n]."""


@keras.saving.register_keras_serializable("tfline")
class TextEncoder(keras.layers.Layer):
    """A SavedModel that turns texts, string [batch], into vectors, [batch, n].

    It is called as TF Hub's reusable SavedModels are: with the texts, and with ``training`` if it
    takes that. One that cannot be called has the signature ``serving_default``, which
    `keras.Model.export` writes. It returns the vectors, or a dictionary with them under a name of
    `VECTORS` or as the only output.

    Args:
        folder: The SavedModel, of TensorFlow 2.
        trainable: Whether its variables are trained.

    Attributes:
        saved_model: What is loaded from it: vocabularies and variables.
        units: How many numbers a vector has.

    Raises:
        ModelError: It cannot be loaded, or does not turn texts into vectors.
    """

    def __init__(self, folder: str, *, trainable: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = folder
        self.supports_jit = False  # XLA has no strings
        try:
            self.saved_model = load_saved_model(folder)
            encode = _find_function(self.saved_model)
            self.units = _count_units(encode)
            self._encode = _trace(encode, training=False)
            self._encode_in_training = _trace(encode, training=True)
        except (OSError, TypeError, ValueError, tf.errors.OpError) as exc:
            raise ModelError(
                f"The encoder cannot be used: {str(exc).splitlines()[0]}",
                where=folder,
                hint="Name a SavedModel of TensorFlow 2 that turns strings [batch] into vectors "
                "[batch, n]. Operators of tensorflow-text are found where it is installed; import "
                "those of another package in the module of a model that calls `text_transfer`.",
            ) from exc
        variables = {
            id(variable): variable
            for function in (self._encode, self._encode_in_training)
            for variable in function.variables
        }
        self.encoder_variables = [
            keras.Variable(variable, trainable=variable.trainable)
            for variable in variables.values()
        ]
        self.trainable = trainable  # that of the variables, too

    def call(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Returns the vectors, [batch, units], of texts, string [batch]."""
        encode = self._encode_in_training if training and self.trainable else self._encode
        vectors = tf.ensure_shape(encode(texts), [None, self.units])
        return tf.cast(vectors, self.compute_dtype)

    def compute_output_spec(self, texts: keras.KerasTensor, **_: Any) -> keras.KerasTensor:
        """Returns the shape and the dtype of what `call` returns."""
        return keras.KerasTensor((texts.shape[0], self.units), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "folder": self.folder}


def _find_function(saved_model: Any) -> Encode:
    if not callable(saved_model):
        signature = saved_model.signatures.get("serving_default")
        if signature is None:
            raise ValueError("it can neither be called nor has it the signature `serving_default`")
        [argument] = signature.structured_input_signature[1]
        return lambda texts, _: _vectors(signature(**{argument: texts}))
    if "training" in saved_model.__call__.function_type.parameters:
        return lambda texts, training: _vectors(saved_model(texts, training=training))
    return lambda texts, _: _vectors(saved_model(texts))


def _vectors(outputs: Any) -> tf.Tensor:
    if not isinstance(outputs, Mapping):
        return outputs
    named = [outputs[name] for name in VECTORS if name in outputs] or [*outputs.values()]
    if len(outputs) > 1 and len(named) == len(outputs):
        raise ValueError(
            f"none of its outputs is called {' or '.join(VECTORS)}: {', '.join(sorted(outputs))}"
        )
    return named[0]


def _count_units(encode: Encode) -> int:
    vectors = encode(tf.constant(["a text"]), False)
    if not isinstance(vectors, tf.Tensor) or not vectors.dtype.is_floating:
        raise ValueError(f"expected vectors of floats. Received: {vectors}")
    if vectors.shape.rank != 2 or vectors.shape[0] != 1:
        raise ValueError(f"expected one vector a text. Received, for one text: {vectors.shape}")
    return int(vectors.shape[1])


def _trace(encode: Encode, *, training: bool) -> Any:
    function = tf.function(lambda texts: encode(texts, training), autograph=False)
    return function.get_concrete_function(tf.TensorSpec([None], tf.string))
