"""What flows between the steps of a chain: each transform says what it takes and gives.

A transform's own signature is its declaration: ``def z_score(x: Numbers) -> Analysis[Numbers]``.
A chain is checked by these names when the spec is read, and the first one says how the raw
feature is to be read. A function whose annotations are others takes and gives anything.

Numbers are float64 in a chain, where every integer up to 2**53 is exact, and float32 for a model.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    import tensorflow as tf

    Numbers: TypeAlias = tf.Tensor
    Strings: TypeAlias = tf.Tensor
    Bytes: TypeAlias = tf.Tensor
    Times: TypeAlias = tf.Tensor
    Tokens: TypeAlias = tf.RaggedTensor
    Series: TypeAlias = tf.RaggedTensor
    Indices: TypeAlias = tf.Tensor
    Vector: TypeAlias = tf.Tensor | tf.SparseTensor
    Image: TypeAlias = tf.Tensor
    Text: TypeAlias = tf.Tensor
    Gapped: TypeAlias = tf.Tensor

KINDS = {
    "Numbers": "float64 [batch] or [batch, n]; NaN where a value is missing",
    "Strings": "string [batch] or [batch, n]; empty where a value is missing",
    "Bytes": "string [batch]: what a file holds; empty where it is missing",
    "Times": "string, int64 or float32 [batch]: points in time, as the raw feature has them",
    "Tokens": "ragged string [batch, (tokens)]",
    "Series": "ragged float64 [batch, (steps)]; NaN where a value is missing",
    "Indices": "int64 [batch] or [batch, n], below a known depth",
    "Vector": "float32 [batch, n], dense or sparse",
    "Image": "float32 [batch, height, width, channels]",
    "Text": "string [batch], for a model that reads it as it is",
    "Gapped": "float64 [batch] or [batch, n]; NaN where a value is missing, for a model of trees",
}
"""The kinds, and what their tensors are."""

GAPPED = "Gapped"
"""The kind whose missing values reach the model; in all others they have been replaced."""

LISTS = ("Tokens", "Series")
"""The kinds that hold all values of a raw feature, as many as a record happens to have."""

_ANALYSIS = re.compile(r"^Analysis\[(.*)\]$")


class Kinds(NamedTuple):
    """What a function takes and gives; None: anything."""

    takes: str | None
    gives: str | None


def kinds_of(function: Callable[..., Any]) -> Kinds:
    """Returns what a transform takes and gives, by the annotations as they are written."""
    signature = inspect.signature(function)
    first = next(iter(signature.parameters.values()), None)
    return Kinds(
        _kind(first.annotation) if first is not None else None, _kind(signature.return_annotation)
    )


def _kind(annotation: Any) -> str | None:
    if not isinstance(annotation, str):
        return None
    name = _ANALYSIS.sub(r"\1", annotation)
    return name if name in KINDS else None
