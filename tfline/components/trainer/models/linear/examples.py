"""The examples of a split as rows of numbers, kept in memory as long as they fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
import tensorflow as tf

if TYPE_CHECKING:
    from tfline.components.trainer.transform_graph import Batch

MOST_BYTES = 2 << 30
"""More than this is not kept: the examples are then read again for each step."""

_SPARSE_BELOW = 0.2
"""With a smaller share of numbers that are not 0, only these are kept."""

Floats = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Rows:
    """Some examples.

    Attributes:
        x: float32 [batch, columns], dense or in compressed rows.
        label: As the loss takes it, [batch, ...].
        weight: float64 [batch].
    """

    x: Any
    label: tf.Tensor
    weight: Floats

    def times(self, weights: Floats) -> Floats:
        """Returns x weights, float64 [batch, n], for weights [columns, n]."""
        product: Floats = np.asarray(self.x @ weights, np.float64)
        return product

    def back(self, values: Floats) -> Floats:
        """Returns x^T values, float64 [columns, n], for values [batch, n]."""
        product: Floats = np.asarray(self.x.T @ values, np.float64)
        return product

    @property
    def bytes(self) -> int:
        """The memory that x takes."""
        return int(self.x.data.nbytes if scipy.sparse.issparse(self.x) else self.x.nbytes)


class Examples:
    """Goes through all examples of a split, as often as is asked for.

    Args:
        batches: Features, label and perhaps weight, [batch, ...] each.
        columns: Makes numbers [batch, columns] of the features.
    """

    def __init__(self, batches: Iterable[Batch], columns: Callable[[Any], tf.Tensor]) -> None:
        self._batches = batches
        self._columns = columns
        self._kept: list[Rows] | None = None

    def __iter__(self) -> Iterator[Rows]:
        """Yields the examples in batches."""
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Rows] | None = []
        used = 0
        for features, label, *weight in self._batches:
            rows = self._rows(features, label, weight[0] if weight else None)
            used += rows.bytes
            if used > MOST_BYTES:
                kept = None
            if kept is not None:
                kept.append(rows)
            yield rows
        self._kept = kept

    def _rows(self, features: Any, label: tf.Tensor, weight: tf.Tensor | None) -> Rows:
        x = self._columns(features).numpy()
        if np.count_nonzero(x) < _SPARSE_BELOW * x.size:
            x = scipy.sparse.csr_matrix(x)
        given = np.ones(x.shape[0]) if weight is None else weight.numpy().astype(np.float64)
        return Rows(x, label, given)
