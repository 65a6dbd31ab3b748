"""Where the features enter a network: as numbers, or as what an index is embedded in.

A line can be drawn from one record to another between numbers, not between indices. So a network is
cut behind its embeddings, and behind its one-hot blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.heads.cumulative import CumulativeLogit
from tfline.tasks.heads.head import Head


class UncutError(Exception):
    """A network that cannot be cut; says why."""


class Network:
    """A network in two parts.

    Args:
        model: A functional model from feature name -> tensor to `head.output_shape`.
        features: Its inputs.
        head: What it predicts.

    Attributes:
        owners: The transformed feature of each entry.

    Raises:
        UncutError: It is none of Keras's functional models, ends in another activation than the
            head's, or lets an index in by other ways than an embedding or a one-hot block.
    """

    def __init__(self, model: keras.Model, features: Sequence[TensorFeature], head: Head) -> None:
        if not isinstance(getattr(model, "input", None), dict):
            raise UncutError("it is no functional model")
        logits, self._last = _before_activation(model, head)
        entries = [
            (feature.name, tensor)
            for feature in features
            for tensor in _entries(model.input[feature.name], logits)
        ]
        if not entries:
            raise UncutError("no feature leads to its output")
        self.owners = [name for name, _ in entries]
        tensors = [tensor for _, tensor in entries]
        self._first_part = keras.Model(model.input, tensors)
        self._second_part = keras.Model(tensors, logits)

    def enter(self, features: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns the entries, float32 [batch, ...] each, of transformed features."""
        entries = self._first_part({**features}, training=False)
        listed = list(entries) if isinstance(entries, list | tuple) else [entries]
        return [tf.cast(entry, tf.float32) for entry in listed]

    def logits(self, entries: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the logits [batch, units] of entries; of several steps, those of the last."""
        given = list(entries) if len(entries) > 1 else entries[0]
        logits = self._last(self._second_part(given, training=False))
        return logits[:, -1] if logits.shape.rank == 3 else logits


def _before_activation(model: keras.Model, head: Head) -> tuple[keras.KerasTensor, Any]:
    """Returns what leads to the logits, and the function that makes them of it."""
    layer = model.output._keras_history.operation  # noqa: SLF001 - Keras has no other way to it
    if isinstance(layer, CumulativeLogit):
        return layer.input, tf.identity
    if getattr(getattr(layer, "activation", None), "__name__", "") != head.activation:
        raise UncutError(f"its last layer has not the activation {head.activation}")
    if isinstance(layer, keras.layers.Activation):
        return layer.input, tf.identity
    if isinstance(layer, keras.layers.Dense):

        def dense(x: tf.Tensor) -> tf.Tensor:
            logits = tf.tensordot(tf.cast(x, tf.float32), layer.kernel.value, 1)
            return logits + layer.bias.value if layer.use_bias else logits

        return layer.input, dense
    raise UncutError(f"it ends with a layer {type(layer).__name__}, not with `head.output(x)`")


def _entries(tensor: keras.KerasTensor, logits: keras.KerasTensor) -> Iterator[keras.KerasTensor]:
    """Yields the first numbers that are made of an input, on all ways to the logits."""
    within = _ancestors(logits)
    if str(tensor.dtype).startswith(("float", "bfloat")):
        if id(tensor) in within:
            yield tensor
        return
    for node in tensor._keras_history.operation._outbound_nodes:  # noqa: SLF001
        reads = any(read is tensor for read in node.input_tensors)
        for output in node.outputs if reads else ():
            if id(output) in within:
                yield from _entries(output, logits)


def _ancestors(logits: keras.KerasTensor) -> set[int]:
    """Returns the tensors that lead to the logits, by id."""
    found: set[int] = set()
    waiting = [logits]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) not in found:
            found.add(id(tensor))
            operation, node, _ = tensor._keras_history  # noqa: SLF001
            waiting += operation._inbound_nodes[node].input_tensors  # noqa: SLF001
    return found
