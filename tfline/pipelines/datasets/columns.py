"""Cells of tables as values of features: which type a column has, and how a cell becomes it."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from tfline.transforms.errors import DataError, did_you_mean

FeatureType = Literal["int", "float", "string"]
"""The types that a column can be given: int64, float (32 bits) and bytes in the tf.Example."""

# Text such as 007 or 02139 is a name made of digits: as a number it would not be the same.
_INT = re.compile(r"[+-]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|inf|nan)", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_INT64 = range(-(2**63), 2**63)
_BREADTH: dict[FeatureType, int] = {"int": 0, "float": 1, "string": 2}


@dataclasses.dataclass(frozen=True)
class TableOptions:
    """How the cells of a table are read.

    Attributes:
        types: Types of columns where the ones that are found are not wanted.
        delimiter: What separates the cells of a CSV file; None: found from its first lines.
        header: Whether a CSV file begins with the names of its columns; else they are
            ``column_1``, ``column_2`` and so on.
        missing: Cells that stand for a missing value, beside empty ones.
        dates: Columns of dates and times, which become ISO 8601: column to the format that
            `datetime.strptime` reads, empty for ISO 8601.
        decimal: The decimal mark of numbers.
    """

    types: Mapping[str, FeatureType] = dataclasses.field(default_factory=dict)
    delimiter: str | None = None
    header: bool = True
    missing: tuple[str, ...] = ()
    dates: Mapping[str, str] = dataclasses.field(default_factory=dict)
    decimal: Literal[".", ","] = "."

    def clean(self, cell: str) -> str:
        """Returns a cell without stray spaces; empty if it stands for a missing value."""
        stripped = cell.strip()
        return "" if stripped in self.missing else stripped

    def number(self, cell: str) -> str:
        """Returns a cell with a point for its decimal mark."""
        return cell.replace(",", ".") if self.decimal == "," else cell

    def type_of(self, column: str, cell: str) -> FeatureType:
        """Returns the narrowest type that holds a clean cell without loss."""
        if column in self.types:
            return self.types[column]
        return "string" if column in self.dates else type_of(self.number(cell))

    def parse(self, column: str, cell: str, kind: FeatureType) -> int | float | str:
        """Returns a clean cell as a value.

        Raises:
            ValueError: It is not of type `kind`, or no date.
        """
        if column in self.dates:
            return parse_date(cell, self.dates[column])
        return parse_cell(cell if kind == "string" else self.number(cell), kind)

    def check(self, columns: Iterable[str]) -> None:
        """Raises a DataError when a column is named that is not there, or an unknown type."""
        known = list(columns)
        check_types(self.types, known)
        for column in self.dates:
            if column not in known:
                raise DataError(
                    f"`{column}` is said to hold dates, and is no column.",
                    where=column,
                    hint=did_you_mean(column, known),
                )


def type_of(cell: str) -> FeatureType:
    """Returns the narrowest type that holds the text of a cell without loss."""
    if _INT.fullmatch(cell):
        return "int" if int(cell) in _INT64 else "string"
    return "float" if _FLOAT.fullmatch(cell) and not _LEADING_ZERO.fullmatch(cell) else "string"


def broader(first: FeatureType, second: FeatureType) -> FeatureType:
    """Returns the type that holds what either type holds."""
    return max(first, second, key=_BREADTH.__getitem__)


def to_int64(number: float) -> int:
    """Returns a whole number as int.

    Raises:
        ValueError: It is not whole, or does not fit into 64 bits.
    """
    if number != int(number) or int(number) not in _INT64:
        raise ValueError(f"{number} is no 64-bit integer")
    return int(number)


def parse_cell(cell: str, kind: FeatureType) -> int | float | str:
    """Returns the text of a cell as a value.

    Raises:
        ValueError: It is not of type `kind`.
    """
    if kind == "int":
        return to_int64(int(cell))
    return float(cell) if kind == "float" else cell


def parse_date(cell: str, form: str) -> str:
    """Returns a date or time in ISO 8601.

    Args:
        cell: Its text.
        form: The format that `datetime.strptime` reads; empty for ISO 8601.

    Raises:
        ValueError: The text is not of this format.
    """
    if not form:
        return datetime.datetime.fromisoformat(cell).isoformat()
    return datetime.datetime.strptime(cell, form).isoformat()


def check_types(types: Mapping[str, str], columns: Iterable[str]) -> None:
    """Raises a DataError when `types` names an unknown column or an unknown type."""
    known = list(columns)
    for column, kind in types.items():
        if column not in known:
            raise DataError(
                f"A type is given for `{column}`, which is no column.",
                where=column,
                hint=did_you_mean(column, known),
            )
        if kind not in get_args(FeatureType):
            raise DataError(
                f"Unknown type for `{column}`: {kind!r}.",
                where=column,
                hint=did_you_mean(kind, get_args(FeatureType)),
            )
