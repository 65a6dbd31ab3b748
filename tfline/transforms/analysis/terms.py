"""How often terms occur: the vocabulary of a category or of a text."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

from tfline.transforms.analysis.order import forget_rare
from tfline.transforms.analysis.reducer import Array, FileReducer

SEPARATOR = "\x1f"
"""Stands between a term and its number, in a line: the unit separator of ASCII."""

NO_TERM = b"\x00no term"
"""The only line of a vocabulary that is empty: TensorFlow reads no table from an empty file."""

MOST_TERMS = 1 << 18
"""So many terms are counted at a time where only the most frequent are wanted."""

State = tuple[Counter[bytes], Counter[bytes]]
"""How often each term occurs, and in how many rows; the latter only if it is asked for."""


@dataclasses.dataclass(frozen=True)
class Terms(FileReducer):
    """Terms, the most frequent first, with a number each.

    Of terms that are equally frequent the greater comes first, as in Keras and TensorFlow
    Transform. Empty terms, and those that a line cannot hold, are left out.

    With `top_k`, only `MOST_TERMS` terms are counted at a time, or a hundred times `top_k`: of
    more, those that have been seen least are forgotten. So a small vocabulary takes little memory,
    however many terms there are, and is exact unless they come in by the million.

    Its batches are the terms, string [terms]; with `documents` also the row of each, int64.

    Attributes:
        top_k: Keep only so many.
        min_frequency: Keep only those that occur so often.
        documents: The number is in how many rows a term occurs; else how often.
        integers: Terms are compared as integers.
    """

    top_k: int | None = None
    min_frequency: int | None = None
    documents: bool = False
    integers: bool = False

    def start(self) -> State:  # noqa: D102
        return Counter(), Counter()

    def add(self, state: State, *batch: Array) -> State:  # noqa: D102
        terms = batch[0].ravel().tolist()
        state[0].update(terms)
        if self.documents:
            rows = batch[1].tolist()
            state[1].update(term for _, term in set(zip(rows, terms, strict=True)))
        return self._bounded(state)

    def merge(self, state: State, other: State) -> State:  # noqa: D102
        for counter, more in zip(state, other, strict=True):
            counter.update(more)
        return self._bounded(state)

    def _bounded(self, state: State) -> State:
        """Forgets rare terms where only the most frequent are wanted."""
        counts, documents = state
        if self.top_k is not None and len(counts) > max(MOST_TERMS, 100 * self.top_k):
            forget_rare(counts, len(counts) - 1)
            for term in documents.keys() - counts.keys():
                del documents[term]
        return state

    def finish(self, state: State) -> list[bytes]:  # noqa: D102
        counts, documents = state
        kept = [
            term
            for term, count in counts.items()
            if count >= (self.min_frequency or 1) and _fits_a_line(term)
        ]
        value: Callable[[bytes], int | bytes] = int if self.integers else bytes
        kept.sort(key=lambda term: (counts[term], value(term)), reverse=True)
        numbers = documents if self.documents else counts
        listed = [(term, numbers[term]) for term in kept[: self.top_k]] or [(NO_TERM, 0)]
        return [b"%s%s%d" % (term, SEPARATOR.encode(), number) for term, number in listed]


def _fits_a_line(term: bytes) -> bool:
    return bool(term) and not any(mark in term for mark in (b"\n", b"\r", SEPARATOR.encode()))
