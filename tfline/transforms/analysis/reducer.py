"""What a statistic is: something that is computed in parts, on many workers, and put together."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Shape = tuple[int, ...]


class Reducer(abc.ABC):
    """A statistic of one or more tensors, batch by batch.

    Its state pickles and stays small, however many rows there are. `add` and `merge` may change
    and return their first argument.
    """

    @abc.abstractmethod
    def start(self) -> Any:
        """Returns the state before the first row."""

    @abc.abstractmethod
    def add(self, state: Any, *batch: Array) -> Any:
        """Returns the state with a batch: an array [rows, ...] for each of the tensors."""

    @abc.abstractmethod
    def merge(self, state: Any, other: Any) -> Any:
        """Returns the state of the rows of both."""


class NumberReducer(Reducer):
    """A statistic that is a few numbers, of a known shape."""

    @abc.abstractmethod
    def shapes(self, shape: Shape) -> list[Shape]:
        """Returns the shapes of the answers for rows of `shape`."""

    @abc.abstractmethod
    def finish(self, state: Any, shape: Shape) -> list[Floats]:
        """Returns the answers; defined for no rows at all, too."""


class FileReducer(Reducer):
    """A statistic that is lines of text, as many as there happen to be."""

    @abc.abstractmethod
    def finish(self, state: Any) -> list[bytes]:
        """Returns the lines, without line breaks in them."""
