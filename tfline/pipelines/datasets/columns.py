"""Cells of tables as values of features: which type a column has, and how a cell becomes it."""

from __future__ import annotations

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
