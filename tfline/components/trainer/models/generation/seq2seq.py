"""One recurrent network reads, another writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from tfline.components.trainer.models.generation.decoding import State
from tfline.components.trainer.models.generation.generator import Beginning, Generator
from tfline.components.trainer.models.rnn.layers import Cell, CellArguments
from tfline.tasks.heads.text import TARGET

Memory = dict[str, keras.KerasTensor]
"""``encoded`` float32 [batch, m, units] and ``is_token`` bool [batch, m], if there is attention."""


@keras.saving.register_keras_serializable("tfline")
class Seq2Seq(Generator):
    """An LSTM encoder and an LSTM decoder (Sutskever et al. 2014).

    With attention the decoder also looks back at all steps of the encoder (Luong et al. 2015,
    Effective Approaches to Attention-based Neural Machine Translation; global, dot).

    Args:
        source: The feature that is read, int64 [batch, m]; 0 is padding.
        source_depth: How many tokens it has.
        units: The width of the state of both networks.
        embedding_units: The size of a token's embedding.
        attention: Whether the decoder looks back at the encoder's steps.
        bidirectional: Whether the encoder reads from both ends, with half the units each.
        dropout: Share of the embeddings left out in a step.
        cell: What is special about the recurrent layers; see `Cell`.
        kwargs: Those of `Generator`.
    """

    def __init__(
        self,
        *,
        source: str,
        source_depth: int,
        units: int,
        embedding_units: int,
        attention: bool,
        bidirectional: bool,
        dropout: float,
        cell: CellArguments | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.attention = attention
        self._source_embedding = keras.layers.Embedding(source_depth, embedding_units)
        self._target_embedding = keras.layers.Embedding(self.vocabulary, embedding_units)
        self._dropout = keras.layers.Dropout(dropout)
        arguments = Cell(**(cell or {})).cell_arguments()
        self._encoder = _lstm(units // 2 if bidirectional else units, arguments)
        if bidirectional:
            self._encoder = keras.layers.Bidirectional(self._encoder)
        self._decoder = _lstm(units, arguments)
        if attention:
            self._attention = keras.layers.Attention()
            self._combine = keras.layers.Dense(units, activation="tanh")
        self._output = keras.layers.Dense(self.vocabulary, dtype="float32")

    def call(
        self, inputs: Mapping[str, keras.KerasTensor], training: bool | None = None
    ) -> keras.KerasTensor:
        """Says what follows each token of a known text; see `Generator`."""
        memory, state = self._encode(inputs[self.source], training)
        logits, _ = self._decode(inputs[TARGET], memory, state, training)
        return logits

    def begin(self, features: Mapping[str, tf.Tensor]) -> Beginning:
        """Reads the source."""
        tokens = features[self.source]
        return Beginning(self.starts(tokens), *self._encode(tokens))

    def step(
        self, token: tf.Tensor, position: tf.Tensor, memory: Memory, state: State
    ) -> tuple[tf.Tensor, State]:
        """Says what follows a token; see `decoding.Step`."""
        logits, state = self._decode(token[:, tf.newaxis], memory, state)
        return logits[:, 0], state

    def _encode(
        self, tokens: keras.KerasTensor, training: bool | None = False
    ) -> tuple[Memory, State]:
        """Returns what the decoder looks back at, and its first state, of tokens [batch, m]."""
        is_token = ops.not_equal(tokens, 0)  # [batch, m]
        x = self._dropout(self._source_embedding(tokens), training=training)
        encoded, *states = self._encoder(x, mask=is_token)  # [batch, m, units], [batch, units]
        hidden, carry = states[0::2], states[1::2]  # of one direction or of both
        state = [ops.concatenate(hidden, axis=1), ops.concatenate(carry, axis=1)]  # [batch, units]
        return {"encoded": encoded, "is_token": is_token} if self.attention else {}, state

    def _decode(
        self,
        tokens: keras.KerasTensor,
        memory: Memory,
        state: State,
        training: bool | None = False,
    ) -> tuple[keras.KerasTensor, State]:
        """Returns logits [batch, n, vocabulary] and the state after tokens [batch, n]."""
        x = self._dropout(self._target_embedding(tokens), training=training)
        x, *state = self._decoder(x, initial_state=state)  # [batch, n, units]
        if self.attention:
            encoded, is_token = memory["encoded"], memory["is_token"]
            context = self._attention([x, encoded], mask=[None, is_token])  # [batch, n, units]
            x = self._combine(ops.concatenate([context, x], axis=2))  # equation 5
        return self._output(x), state


def _lstm(units: int, arguments: Mapping[str, Any]) -> keras.layers.LSTM:
    return keras.layers.LSTM(units, return_sequences=True, return_state=True, **arguments)
