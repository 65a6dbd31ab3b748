"""What all models that write a text have in common."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfline.components.trainer.models.generation.decoding import (
    State,
    Texts,
    beam_search,
    repeat_rows,
    sample,
)


class Beginning(NamedTuple):
    """What a text is written from.

    Attributes:
        first: The token to begin with, int64 [batch].
        memory: What stays the same while a text is written: a nest of tensors, [batch, ...].
        state: What changes with each token: a nest of tensors, [batch, ...].
    """

    first: tf.Tensor
    memory: Any
    state: State


class Generator(keras.layers.Layer, abc.ABC):
    """Writes a text, token by token.

    As a layer it is trained: the features and the text itself under `TARGET` come in, and what
    follows each token goes out (teacher forcing). Once it is trained, `search` and `sample` write
    texts, with the same weights, from `begin` and `step`.

    Args:
        vocabulary: How many tokens there are, padding (0) included.
        start: The token that a text begins with, not a part of it; None: it goes on with what is
            given.
        end: The end mark; None: a text ends when it is long enough.
        length: The most tokens that a text has, with its end mark.
        beam_width: How many texts `search` follows, and returns.
        length_penalty: See `beam_search`.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        start: int | None,
        end: int | None,
        length: int,
        beam_width: int = 1,
        length_penalty: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary = vocabulary
        self.start = start
        self.end = end
        self.length = length
        self.beam_width = beam_width
        self.length_penalty = length_penalty

    def build(self, shapes: Mapping[str, tuple[int | None, ...]]) -> None:
        """Makes the weights, by reading two tokens of padding."""
        self.call({name: keras.ops.zeros([1, 2], "int64") for name in shapes})

    @abc.abstractmethod
    def call(
        self, inputs: Mapping[str, keras.KerasTensor], training: bool | None = None
    ) -> keras.KerasTensor:
        """Says what follows each token of a known text.

        Args:
            inputs: The features, and the text under `TARGET`, int64 [batch, n].
            training: Whether to drop out.

        Returns:
            Logits, float32 [batch, n, vocabulary]; those at a token depend on no later one.
        """

    @abc.abstractmethod
    def begin(self, features: Mapping[str, tf.Tensor]) -> Beginning:
        """Reads the features, [batch, ...]."""

    @abc.abstractmethod
    def step(
        self, token: tf.Tensor, position: tf.Tensor, memory: Any, state: State
    ) -> tuple[tf.Tensor, State]:
        """Says what follows a token; see `decoding.Step`."""

    def search(self, features: Mapping[str, tf.Tensor]) -> Texts:
        """Returns the best texts of each record; see `beam_search`."""
        first, memory, state = self.begin(features)
        memory, state = repeat_rows(memory, self.beam_width), repeat_rows(state, self.beam_width)
        return beam_search(
            lambda token, position, state: self.step(token, position, memory, state),
            state,
            first,
            end=self.end,
            length=self.length,
            width=self.beam_width,
            length_penalty=self.length_penalty,
        )

    def sample(
        self, features: Mapping[str, tf.Tensor], temperature: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """Returns a random text of each record, int64 [batch, length]; see `sample`."""
        first, memory, state = self.begin(features)
        return sample(
            lambda token, position, state: self.step(token, position, memory, state),
            state,
            first,
            end=self.end,
            length=self.length,
            temperature=temperature,
            seed=seed,
        )

    def starts(self, tokens: tf.Tensor) -> tf.Tensor:
        """Returns the start mark for each row of tokens [batch, m], int64 [batch]."""
        return tf.fill([tf.shape(tokens)[0]], tf.constant(self.start, tf.int64))


def find_generator(model: keras.Model) -> Generator | None:
    """Returns the layer of a model that writes texts; None if it has none."""
    return next((layer for layer in model.layers if isinstance(layer, Generator)), None)
