"""Whether two answers about the same records are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfline.transforms.errors import PushError

TOLERANCE = 1e-4
"""How far a number may be from the expected one, relative to that, and absolute below 1.

float32 carries seven digits; a model sums in another order when the batch has another size.
"""

Outputs = Mapping[str, NDArray[Any]]
"""Output of a signature to its values, [records, ...]."""

_HINT = (
    "The model is not pushed. Its answers depend on more than the record: on randomness, state, "
    "or the other records of a batch; or the server has another version of TensorFlow."
)


def largest_difference(expected: Outputs, found: Outputs, way: str, noun: str = "output") -> float:
    """Compares two answers, output by output.

    Args:
        expected: What the model answers in process.
        found: What it answers in another way.
        way: That way, for the error.
        noun: What an output is called in the error.

    Returns:
        The largest difference of two numbers, in units of the expected one if that is above 1.

    Raises:
        PushError: A difference exceeds `TOLERANCE`, a text differs, or a name or a shape.
    """
    if expected.keys() != found.keys():
        raise PushError(
            f"The model has other {noun}s {way}: {sorted(found)}", f"in process: {sorted(expected)}"
        )
    return max(_largest(name, expected[name], found[name], way, noun) for name in expected)


def _largest(name: str, expected: NDArray[Any], found: NDArray[Any], way: str, noun: str) -> float:
    if expected.shape != found.shape:
        raise PushError(
            f"The {noun} '{name}' has another shape {way}: {list(found.shape)}",
            f"in process: {list(expected.shape)}",
            _HINT,
        )
    differences = _differences(expected, found)
    if not differences.size:
        return 0.0
    worst = np.unravel_index(int(np.argmax(differences)), differences.shape)
    if differences[worst] > TOLERANCE:
        record, *place = map(int, worst)
        raise PushError(
            f"Record {record} gets another answer {way}: {noun} '{name}'{place or ''} is "
            f"{_text(found[worst])}, in process {_text(expected[worst])}",
            f"record {record} of the eval split, counted from 0",
            _HINT,
        )
    return float(differences[worst])


def _differences(expected: NDArray[Any], found: NDArray[Any]) -> NDArray[np.float64]:
    """Returns how far each value is from the expected one; infinite where texts differ."""
    if expected.dtype == object:
        return np.where(expected == found, 0.0, np.inf)
    wanted, got = expected.astype(np.float64), found.astype(np.float64)
    same = (wanted == got) | (np.isnan(wanted) & np.isnan(got))
    with np.errstate(invalid="ignore"):  # infinity less infinity, where they are the same
        relative = np.abs(wanted - got) / np.maximum(1.0, np.abs(wanted))
    return np.where(same, 0.0, np.nan_to_num(relative, nan=np.inf, posinf=np.inf))


def _text(value: Any) -> str:
    return repr(value.decode(errors="replace")) if isinstance(value, bytes) else f"{value:.7g}"
