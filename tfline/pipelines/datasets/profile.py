"""What the columns of a table, or the features of records, hold: types, missing values, ranges.

What is kept of a column is bounded, however many records there are. No TensorFlow here.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfline.components.example_gen.example_proto import Scalar, Value

MOST_DISTINCT = 10_000
"""More distinct values of a column than this are not counted."""

MOST_RECORDS = 1_000_000
"""Duplicates are looked for among so many records."""

_LONG_BYTES = 64
_SHOWN_TEXT = 24
_SHOWN_TERMS = 3


@dataclasses.dataclass
class Column:
    """What one column holds.

    Attributes:
        kinds: The types of its values: int, float or bytes.
        records: How many records have a value.
        values: How many values they have together.
        shortest: The fewest values of a record that has one.
        longest: The most.
        nans: How many values are NaN.
        low: The smallest number.
        high: The greatest number.
        total: The sum of the numbers.
        has_long: Whether there are texts of which only a digest is kept.
        terms: How often each value occurs; None if there are more than `MOST_DISTINCT`.
    """

    kinds: set[str] = dataclasses.field(default_factory=set)
    records: int = 0
    values: int = 0
    shortest: int = 0
    longest: int = 0
    nans: int = 0
    low: float = math.inf
    high: float = -math.inf
    total: float = 0.0
    has_long: bool = False
    terms: collections.Counter[Scalar] | None = dataclasses.field(
        default_factory=collections.Counter
    )

    def add(self, values: Sequence[Scalar]) -> None:
        """Adds the values of a record, one at least."""
        self.records += 1
        self.values += len(values)
        self.shortest = min(self.shortest or len(values), len(values))
        self.longest = max(self.longest, len(values))
        for value in values:
            self._add(value)

    def _add(self, value: Scalar) -> None:
        if isinstance(value, str | bytes):
            self.kinds.add("bytes")
            value = value.encode() if isinstance(value, str) else value
            if len(value) > _LONG_BYTES:  # a digest counts as well as the text
                self.has_long = True
                value = hashlib.blake2b(value, digest_size=16).digest()
        else:
            self.kinds.add("float" if isinstance(value, float) else "int")
            if math.isnan(value):
                self.nans += 1
                return
            self.low, self.high = min(self.low, value), max(self.high, value)
            self.total += value
        if self.terms is not None:
            self.terms[value] += 1
            if len(self.terms) > MOST_DISTINCT:
                self.terms = None

    @property
    def kind(self) -> str:
        """The type, or several where records differ."""
        return " or ".join(sorted(self.kinds)) or "none"

    @property
    def distinct(self) -> str:
        """How many distinct values there are."""
        return f"over {MOST_DISTINCT:,}" if self.terms is None else f"{len(self.terms):,}"

    @property
    def length(self) -> str:
        """How many values a record has."""
        same = self.shortest == self.longest
        return f"{self.shortest}" if same else f"{self.shortest} to {self.longest}"

    def describe(self) -> str:
        """Returns the range of numbers, or the most frequent texts."""
        if "bytes" in self.kinds:
            if not self.terms or self.has_long:
                return ""
            frequent = self.terms.most_common(_SHOWN_TERMS)
            if frequent[0][1] == 1 and len(self.terms) > 1:
                return ""
            return ", ".join(f"{_text(term)} ({count:,})" for term, count in frequent)
        if self.low > self.high:
            return ""
        mean = self.total / max(1, self.values - self.nans)
        return f"{self.low:.6g} to {self.high:.6g}, mean {mean:.6g}"


class Profile:
    """What records hold, column by column.

    Attributes:
        records: How many there are.
        columns: By name, in the order in which they appear.
        repeated: How many records are equal to an earlier one, among the first `MOST_RECORDS`.
    """

    def __init__(self) -> None:
        self.records = 0
        self.columns: dict[str, Column] = {}
        self.repeated = 0
        self._seen: set[int] = set()

    def add(self, row: Mapping[str, Value], record: bytes) -> None:
        """Adds a record.

        Args:
            row: Its values by column; None is missing.
            record: Its bytes.
        """
        self.records += 1
        for name, value in row.items():
            column = self.columns.setdefault(name, Column())
            values = [value] if isinstance(value, Scalar) else list(value or ())
            if values:
                column.add(values)
        if self.records <= MOST_RECORDS:
            digest = int.from_bytes(hashlib.blake2b(record, digest_size=8).digest(), "little")
            self.repeated += digest in self._seen
            self._seen.add(digest)

    def lines(self) -> Iterator[str]:
        """Yields a table as text: a line a column."""
        header = ("column", "type", "missing", "distinct", "values", "range or most frequent")
        rows = [header]
        for name, column in self.columns.items():
            missing = self.records - column.records + column.nans
            length = "" if column.longest <= 1 else column.length
            rows.append(
                (name, column.kind, f"{missing:,}", column.distinct, length, column.describe())
            )
        widths = [max(len(row[index]) for row in rows) for index in range(len(header))]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            yield "  " + "  ".join(cells).rstrip()
        if self.repeated:
            share = self.repeated / min(self.records, MOST_RECORDS)
            yield f"  {self.repeated:,} records ({share:.1%}) are equal to an earlier one"


def _text(value: Any) -> str:
    """Returns a value as text, cut."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return f"{len(value):,} bytes"
    return repr(text if len(text) <= _SHOWN_TEXT else f"{text[:_SHOWN_TEXT]}...")
