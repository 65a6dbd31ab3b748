"""A Transformer that reads one text and writes another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfline.components.trainer.models.generation.decoding import State
from tfline.components.trainer.models.generation.generator import Beginning, Generator
from tfline.components.trainer.models.transformer.arguments import ForwardArguments
from tfline.components.trainer.models.transformer.attention import padding_mask
from tfline.components.trainer.models.transformer.blocks import EPSILON, DecoderBlock, EncoderBlock
from tfline.components.trainer.models.transformer.positions import (
    SinusoidalPositions,
    TokenEmbedding,
)
from tfline.tasks.heads.text import TARGET


@keras.saving.register_keras_serializable("tfline")
class Translator(Generator):
    """The encoder and decoder of Vaswani et al. (2017), Attention Is All You Need.

    Args:
        source: The feature that is read, int64 [batch, m]; 0 is padding.
        source_depth: How many tokens it has.
        units: The width of all blocks, d_model in the paper.
        heads: How many heads an attention has.
        hidden_units: The width of the feed-forward layers, d_ff in the paper.
        blocks: How many blocks the encoder has, and the decoder.
        dropout: Share of the embeddings, and of what each part adds, left out in a step.
        forward: What is special about the blocks' feed-forward parts; see `EncoderBlock`.
        kwargs: Those of `Generator`.
    """

    def __init__(
        self,
        *,
        source: str,
        source_depth: int,
        units: int,
        heads: int,
        hidden_units: int,
        blocks: int,
        dropout: float,
        forward: ForwardArguments | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self._source_embedding = TokenEmbedding(source_depth, units)
        self._target_embedding = TokenEmbedding(self.vocabulary, units)
        self._positions = SinusoidalPositions()
        self._dropout = keras.layers.Dropout(dropout)
        sizes = (units, heads, hidden_units, dropout)
        options = forward or {}
        self._encoder = [EncoderBlock(*sizes, **options) for _ in range(blocks)]
        self._encoder_norm = keras.layers.LayerNormalization(epsilon=EPSILON)
        self._decoder = [DecoderBlock(*sizes, **options) for _ in range(blocks)]
        self._decoder_norm = keras.layers.LayerNormalization(epsilon=EPSILON)
        self._output = keras.layers.Dense(self.vocabulary, dtype="float32")
        self._cache_shape = (self.length, heads, units // heads)

    def call(
        self, inputs: Mapping[str, keras.KerasTensor], training: bool | None = None
    ) -> keras.KerasTensor:
        """Says what follows each token of a known text; see `Generator`."""
        tokens = inputs[self.source]
        encoded, mask = self._encode(tokens, training), padding_mask(tokens)
        x = self._positions(self._target_embedding(inputs[TARGET]))  # [batch, n, units]
        x = self._dropout(x, training=training)
        for block in self._decoder:
            x = block(x, encoded, mask, training=training)
        return self._output(self._decoder_norm(x))

    def begin(self, features: Mapping[str, tf.Tensor]) -> Beginning:
        """Reads the source; the caches of the decoder's self-attention are empty."""
        tokens = features[self.source]
        encoded = self._encode(tokens)
        memory = {
            "encoded": [block.project(encoded) for block in self._decoder],
            "mask": padding_mask(tokens),
        }
        cache = tf.zeros([tf.shape(tokens)[0], *self._cache_shape], self.compute_dtype)
        return Beginning(self.starts(tokens), memory, [(cache, cache) for _ in self._decoder])

    def step(
        self, token: tf.Tensor, position: tf.Tensor, memory: Any, state: State
    ) -> tuple[tf.Tensor, State]:
        """Says what follows a token; see `decoding.Step`."""
        x = self._target_embedding(token[:, tf.newaxis])  # [rows, 1, units]
        x = self._positions(x, start=position)
        after = []
        for block, past, encoded in zip(self._decoder, state, memory["encoded"], strict=True):
            x, past_and_this = block.step(x, position, past, encoded, memory["mask"])
            after.append(past_and_this)
        return self._output(self._decoder_norm(x))[:, 0], after

    def _encode(
        self, tokens: keras.KerasTensor, training: bool | None = False
    ) -> keras.KerasTensor:
        """Returns [batch, m, units] of tokens [batch, m]."""
        mask = padding_mask(tokens)  # [batch, 1, m]
        x = self._positions(self._source_embedding(tokens))
        x = self._dropout(x, training=training)
        for block in self._encoder:
            x = block(x, mask, training=training)
        return self._encoder_norm(x)
