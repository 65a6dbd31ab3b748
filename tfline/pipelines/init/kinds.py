"""What each column is: an id, a number, a category, a text, a time, a picture, a series."""

from __future__ import annotations

import datetime
import itertools
import math
from typing import Literal

from tfline.components.example_gen.sniff import image_format
from tfline.pipelines.init.columns import Column
from tfline.pipelines.init.words import ID, IMAGE, TIME, has_word

Kind = Literal[
    "empty", "constant", "id", "group", "number", "code", "category", "text", "time", "image",
    "raw_image", "vector", "flat_image", "series", "tags", "mixed",
]  # fmt: skip

FEW = 12
"""Whole numbers of at most so many different values may be codes."""

_UNIQUE = 0.95
_HARDLY_REPEATS = 0.5
_LEAST = 20
_WORDS, _CHARACTERS = 4, 60
_GROUPS, _REPEATS = 20, 1.2
_SHOWN = 200
EPOCHS = {"s": (3e8, 4e9), "ms": (3e11, 4e12), "us": (3e14, 4e15)}
"""The range of points in time from 1980 to 2096, by their unit since 1970."""


def kind_of(column: Column, records: int) -> Kind:
    """Returns what a column is.

    Args:
        column: Its values in a sample.
        records: How many records there are in all: a running number goes as far.
    """
    if column.type == "none":
        return "empty"
    if column.type == "mixed":
        return "mixed"
    if column.type == "bytes":
        return _bytes(column)
    if column.is_list:
        return _list(column)
    if column.distinct == 1:
        return "constant"
    return _number(column, records) if column.is_number else _text(column)


def _bytes(column: Column) -> Kind:
    first = column.flat[0]
    if isinstance(first, bytes) and image_format(first):
        return "image"
    sizes = {len(value) for value in column.flat if isinstance(value, bytes)}
    if len(sizes) == 1 and image_shape(next(iter(sizes))):
        return "raw_image"
    return "mixed"


def _list(column: Column) -> Kind:
    low, high = column.lengths
    if not column.is_number:
        return "tags"
    if low != high:
        return "series"
    is_picture = has_word(column.name, IMAGE) and image_shape(high) is not None
    return "flat_image" if is_picture else "vector"


def _number(column: Column, records: int) -> Kind:
    unique = column.present >= _LEAST and column.distinct > _UNIQUE * column.present
    named_id = has_word(column.name, ID)
    if epoch_unit(column):
        return "time"
    if column.type == "int" and unique and (named_id or column.rises or _is_dense(column, records)):
        return "id"
    if column.is_whole and named_id and not unique:
        return "group" if _is_group(column) else "code"
    return "code" if column.type == "int" and column.distinct <= FEW else "number"


def _is_dense(column: Column, records: int) -> bool:
    """Tells whether whole numbers are all different and leave few out, as running numbers do."""
    low, high = column.sorted_numbers[0], column.sorted_numbers[-1]
    return high - low < 1.5 * records


def _text(column: Column) -> Kind:
    if is_time(column):
        return "time"
    unique = column.distinct > _UNIQUE * column.present
    is_long = column.mean_words >= _WORDS or column.mean_characters >= _CHARACTERS
    if is_long and column.distinct > _HARDLY_REPEATS * column.present:
        return "text"
    if column.present >= _LEAST and unique:
        return "id"
    if has_word(column.name, ID):
        return "group" if _is_group(column) else "category"
    hardly = column.present >= 5 * _LEAST and column.distinct > _HARDLY_REPEATS * column.present
    return "id" if hardly else "category"


def _is_group(column: Column) -> bool:
    return column.distinct >= _GROUPS and column.present >= _REPEATS * column.distinct


def is_time(column: Column) -> bool:
    """Tells whether texts are dates or times in ISO 8601."""
    shown = list(itertools.islice(column.counts, _SHOWN))
    return column.type == "text" and all(is_iso(str(value)) for value in shown)


def is_iso(text: str) -> bool:
    """Tells whether a text is a date or a time in ISO 8601, with a year, a month and a day."""
    if len(text) < len("2024-01-31") or text[4:5] != "-":
        return False
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def epoch_unit(column: Column) -> str | None:
    """Returns the unit of numbers that are points in time since 1970; None if they are none."""
    if column.type != "int" or column.is_list or not has_word(column.name, TIME):
        return None
    low, high = column.sorted_numbers[0], column.sorted_numbers[-1]
    units = (unit for unit, (first, last) in EPOCHS.items() if first <= low and high <= last)
    return next(units, None)


def image_shape(size: int) -> tuple[int, int, int] | None:
    """Returns height, width and channels of a square picture of so many values; None: of none."""
    for channels in (1, 3):
        side = math.isqrt(size // channels)
        if side >= 8 and side * side * channels == size:
            return side, side, channels
    return None
