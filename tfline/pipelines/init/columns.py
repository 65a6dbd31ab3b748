"""What a sample of records holds, column by column. No TensorFlow, and no file."""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Literal

from tfline.components.example_gen.example_proto import Scalar

ValueType = Literal["none", "int", "float", "text", "bytes", "mixed"]
"""What the values of a column are; ``text`` is UTF-8, ``bytes`` is not."""

_TAIL = (0.05, 0.95)


@dataclasses.dataclass(eq=False)
class Column:
    """One column of a sample.

    Attributes:
        name: Of the raw feature.
        values: Those of each record of the sample, in the order of the records; empty where the
            record has none. Numbers that are NaN are missing.
    """

    name: str
    values: Sequence[tuple[Scalar, ...]]

    @functools.cached_property
    def present(self) -> int:
        """How many records of the sample have a value."""
        return sum(1 for values in self.values if values)

    @property
    def missing(self) -> float:
        """The share of records without a value."""
        return 1 - self.present / len(self.values) if self.values else 0.0

    @functools.cached_property
    def lengths(self) -> tuple[int, int]:
        """The fewest and the most values of a record that has one."""
        lengths = [len(values) for values in self.values if values]
        return (min(lengths), max(lengths)) if lengths else (0, 0)

    @property
    def is_list(self) -> bool:
        """Whether a record has several values."""
        return self.lengths[1] > 1

    @functools.cached_property
    def flat(self) -> list[Scalar]:
        """All values, one after the other."""
        return [value for values in self.values for value in values]

    @functools.cached_property
    def type(self) -> ValueType:
        """What the values are."""
        kinds = {type(value) for value in self.flat}
        if not kinds:
            return "none"
        if kinds <= {int, bool}:
            return "int"
        if kinds <= {int, bool, float}:
            return "float"
        if kinds == {str}:
            return "text"
        return "bytes" if kinds <= {bytes, str} else "mixed"

    @property
    def is_number(self) -> bool:
        """Whether all values are numbers."""
        return self.type in ("int", "float")

    @functools.cached_property
    def counts(self) -> collections.Counter[Scalar]:
        """How often each value occurs."""
        return collections.Counter(self.flat)

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.counts)

    @functools.cached_property
    def sorted_numbers(self) -> list[float]:
        """The numbers, rising; empty for other columns."""
        return sorted(float(value) for value in self.flat) if self.is_number else []

    def quantile(self, share: float) -> float:
        """Returns the number below which a share of all lies."""
        numbers = self.sorted_numbers
        return numbers[min(len(numbers) - 1, int(share * len(numbers)))]

    @functools.cached_property
    def is_whole(self) -> bool:
        """Whether all numbers are whole."""
        return self.is_number and all(float(value).is_integer() for value in self.counts)

    @functools.cached_property
    def deviation(self) -> float:
        """The standard deviation of the numbers."""
        return statistics.pstdev(self.sorted_numbers)

    @functools.cached_property
    def has_long_tail(self) -> bool:
        """Whether a few numbers lie so far out that a mean and a deviation say little."""
        low, high = (self.quantile(share) for share in _TAIL)
        numbers = self.sorted_numbers
        return numbers[-1] - numbers[0] > 20 * max(high - low, 1e-12)

    @functools.cached_property
    def rises(self) -> bool:
        """Whether each value is above the one before it, in the order of the records."""
        flat = self.flat
        return all(first < second for first, second in itertools.pairwise(flat))  # type: ignore[operator]  # of one type

    @functools.cached_property
    def mean_words(self) -> float:
        """How many words a text has on average."""
        return statistics.fmean(len(str(value).split()) for value in self.flat)

    @functools.cached_property
    def mean_characters(self) -> float:
        """How many characters a text has on average."""
        return statistics.fmean(len(str(value)) for value in self.flat)


@dataclasses.dataclass(frozen=True)
class Sample:
    """Records spread evenly over all of them, in their order.

    Attributes:
        records: How many records there are in all.
        columns: By name, in the order of the data.
    """

    records: int
    columns: Mapping[str, Column]

    @property
    def size(self) -> int:
        """How many records were looked at."""
        return len(next(iter(self.columns.values())).values) if self.columns else 0


def as_values(value: object) -> tuple[Scalar, ...]:
    """Returns what a record has of a column; texts as str, numbers without NaN."""
    if value is None:
        return ()
    values = value if isinstance(value, list | tuple) else (value,)
    plain = (_plain(one) for one in values)
    return tuple(one for one in plain if not (isinstance(one, float) and math.isnan(one)))


def _plain(value: Scalar) -> Scalar:
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, bytes):
        return value
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value
    return text if text.isprintable() or "\x00" not in text else value
