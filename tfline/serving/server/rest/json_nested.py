"""Nested JSON lists as the elements of a tensor, in row-major order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from tfline.serving.server.rest import json_text
from tfline.serving.server.status import StatusError, invalid_argument

_MAX_RANK = 254  # of tensorflow::TensorShape


def shape_of(value: Any) -> list[int]:
    """Returns the shape that the first elements of nested lists have.

    Raises:
        StatusError: INVALID_ARGUMENT if they are nested deeper than a tensor can be.
    """
    shape: list[int] = []
    while isinstance(value, list):
        if len(shape) == _MAX_RANK:
            raise invalid_argument(f"Tensors have at most {_MAX_RANK} dimensions")
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return shape


def elements(value: Any, shape: Sequence[int]) -> list[Any]:
    """Returns the elements of nested lists, level by level rather than one by one.

    Args:
        value: The lists, or one value.
        shape: What `shape_of` returns for them.

    Raises:
        StatusError: INVALID_ARGUMENT for the first list, or value, that is not of `shape`. Lists
            among the elements are left to whoever reads these, see `check_levels`.
    """
    level: list[Any] = [value]
    for size in shape:
        if not (set(map(type, level)) <= {list} and set(map(len, level)) <= {size}):
            check_levels(value, shape)
        level = list(chain.from_iterable(level))
    return level


def check_levels(value: Any, shape: Sequence[int]) -> None:
    """Looks at each list and each value, one by one.

    Raises:
        StatusError: INVALID_ARGUMENT for the first that is not of `shape`.
    """
    for misfit in _misfits(value, shape, 0):
        raise misfit


def _misfits(value: Any, shape: Sequence[int], level: int) -> Iterator[StatusError]:
    """Yields an error for each list or value within nested lists that is not of `shape`."""
    if not isinstance(value, list):
        if level != len(shape):
            yield invalid_argument(
                f"JSON Value: {json_text.debug_text(value)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {len(shape)}"
            )
    elif level >= len(shape):
        yield invalid_argument(
            f"Encountered list at unexpected level: {level} Expected < {len(shape)}"
        )
    elif len(value) != shape[level]:
        yield invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} "
            f"expected size: {shape[level]}"
        )
    else:
        last = level + 1 == len(shape)  # where only lists are wrong, and there are the most values
        for item in value:
            if not last or isinstance(item, list):
                yield from _misfits(item, shape, level + 1)
