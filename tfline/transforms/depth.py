"""Tells those who read the transformed schema how many values an index has, or a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
    from tensorflow_transform import schema_inference

    from tfline.transforms.kinds import Indices, Vector
else:
    tf = lazy_import("tensorflow")
    schema_inference = lazy_import("tensorflow_transform.schema_inference")


def declare_depth(index: Indices, depth: int | tf.Tensor) -> Indices:
    """Declares that `index` takes the values 0 to depth - 1, and returns it."""
    if tf.is_symbolic_tensor(index):  # only graphs have a schema
        schema_inference.set_tensor_schema_override(
            index, tf.constant(0, tf.int64), tf.cast(depth, tf.int64) - 1
        )
    return index


def sparse_vector(
    rows: tf.Tensor, columns: tf.Tensor, values: tf.Tensor, shape: tf.Tensor
) -> Vector:
    """Returns a matrix whose width is known only once the train split has been analysed.

    It is sparse, because TensorFlow Transform wants to know the shape of what is dense before
    that; whoever applies the graph makes it dense.

    Args:
        rows: int64 [n]; those of a row in the order of their columns.
        columns: int64 [n].
        values: [n].
        shape: int64 [2].

    Returns:
        Sparse [batch, width].
    """
    vector = tf.SparseTensor(tf.stack([rows, columns], axis=1), values, shape)
    if tf.is_symbolic_tensor(values):
        schema_inference.annotate_sparse_output_shape(vector, shape[1:])
    return vector
