"""An encoder with its tokenizer inside: the mean of the vectors of a text's pieces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import tensorflow as tf
import tensorflow_text


class BagOfPieces(tf.Module):  # type: ignore[misc]  # TensorFlow has no types
    """Turns texts, string [batch], into vectors, float32 [batch, n]; an empty one into zeros.

    Args:
        model: SentencePiece's model file.
        table: The vector of each piece, float32 [pieces, n].
    """

    def __init__(self, model: bytes, table: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self._tokenizer = tensorflow_text.SentencepieceTokenizer(model=model)
        self._table = tf.Variable(table, name="embeddings")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])  # type: ignore[untyped-decorator]
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Returns the vectors."""
        pieces = self._tokenizer.tokenize(texts)  # ragged int32 [batch, (pieces)]
        vectors = tf.gather(self._table, pieces.flat_values)  # [pieces, n]
        rows, count = pieces.value_rowids(), pieces.nrows()
        total = tf.math.unsorted_segment_sum(vectors, rows, count)  # [batch, n]
        lengths = tf.cast(pieces.row_lengths(), tf.float32)[:, tf.newaxis]
        return total / tf.maximum(lengths, 1.0)
