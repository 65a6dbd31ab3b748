"""A recurrent network that goes on with a text."""

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


@keras.saving.register_keras_serializable("tfline")
class CharRnn(Generator):
    """A stack of GRUs that predicts each character from those before it.

    After A. Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks (2015). It is
    trained on texts, and writes what follows the beginning of one.

    Args:
        prompt: The feature that holds the beginning of a text, int64 [batch, m]; 0 is padding.
        units: The width of the state of each layer.
        layers: How many GRUs there are.
        embedding_units: The size of a character's embedding.
        dropout: Share of each layer's inputs left out in a step.
        stateful: The batch size of a training in which each row of a batch goes on with the text
            of the batch before, and with its state; None: each text begins anew.
        cell: What is special about the recurrent layers; see `Cell`.
        kwargs: Those of `Generator`.
    """

    def __init__(
        self,
        *,
        prompt: str,
        units: int,
        layers: int,
        embedding_units: int,
        dropout: float,
        stateful: int | None = None,
        cell: CellArguments | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prompt = prompt
        self.stateful = stateful
        self.units = units
        self._carried: list[keras.Variable] = []
        self._embedding = keras.layers.Embedding(self.vocabulary, embedding_units)
        self._dropout = keras.layers.Dropout(dropout)
        arguments = Cell(**(cell or {})).cell_arguments()
        self._layers_of_state = [
            keras.layers.GRU(units, return_sequences=True, return_state=True, **arguments)
            for _ in range(layers)
        ]
        self._output = keras.layers.Dense(self.vocabulary, dtype="float32")

    def build(self, shapes: Mapping[str, tuple[int | None, ...]]) -> None:
        """Makes the weights, and room for the state between two batches."""
        super().build(shapes)
        if self.stateful is not None:
            shape = (self.stateful, self.units)
            self._carried = [
                self.add_weight(shape, "zeros", trainable=False) for _ in self._layers_of_state
            ]

    def call(
        self, inputs: Mapping[str, keras.KerasTensor], training: bool | None = None
    ) -> keras.KerasTensor:
        """Says what follows each character of a known text; see `Generator`."""
        tokens = inputs[TARGET]
        if not (training and self._carried):
            x, _ = self._read(tokens, None, training=training)
            return self._output(x)
        before = [ops.convert_to_tensor(state) for state in self._carried]
        is_token = ops.not_equal(tokens, 0)  # a piece that is shorter leaves the state as it is
        x, after = self._read(tokens, before, is_token, training)
        for carried, state in zip(self._carried, after, strict=True):
            carried.assign(state)
        return self._output(x)

    def begin(self, features: Mapping[str, tf.Tensor]) -> Beginning:
        """Reads the prompt but for its last character, with which the text begins."""
        tokens = features[self.prompt]  # [batch, m]
        length = tf.math.count_nonzero(tokens, axis=1)  # [batch]
        last = tf.maximum(length - 1, 0)
        first = tf.gather(tokens, last, batch_dims=1)
        before = tf.sequence_mask(last, tf.shape(tokens)[1])  # [batch, m]
        _, state = self._read(tokens, None, before)
        return Beginning(first, (), state)

    def step(
        self, token: tf.Tensor, position: tf.Tensor, memory: Any, state: State
    ) -> tuple[tf.Tensor, State]:
        """Says what follows a character; see `decoding.Step`."""
        x, state = self._read(token[:, tf.newaxis], state)
        return self._output(x[:, 0]), state

    def _read(
        self,
        tokens: keras.KerasTensor,
        state: State | None,
        mask: keras.KerasTensor | None = None,
        training: bool | None = False,
    ) -> tuple[keras.KerasTensor, State]:
        """Returns [batch, n, units] and the state of each layer after tokens [batch, n]."""
        x = self._embedding(tokens)
        after = []
        for index, layer in enumerate(self._layers_of_state):
            x = self._dropout(x, training=training)
            x, last = layer(x, initial_state=state[index] if state else None, mask=mask)
            after.append(last)
        return x, after
