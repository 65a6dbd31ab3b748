"""Naive models beside a trained one: where the Trainer writes them for the Evaluator."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDER = "Format-Naive"
"""A SavedModel below a Model artifact, beside ``Format-Serving``; it is never pushed."""

OUTPUTS = {
    "constant": "the majority class, or the mean of the train split",
    "linear": "a linear model of the same features",
    "persistence": "the last value of the series",
    "seasonal": "the value of a season ago",
}
"""The outputs of its signature ``serving_default``, as far as the label has them, and what each
predicts: of classes probabilities, of numbers the numbers, all in the unit of the label."""


@dataclasses.dataclass(frozen=True)
class NaiveErrors:
    """What the errors of a forecast are compared with: those of the naive one, one step ahead.

    Attributes:
        overall: Of all series of the train split; None: not known.
        series: The raw feature that names the series of a record; None: there is one.
        of_series: Of each series, by its name. One that never changes is not among them.
    """

    overall: float | None = None
    series: str | None = None
    of_series: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def of_each(self, names: Iterable[Any]) -> npt.NDArray[np.float64]:
        """Returns the error of the series of each record, [n]; of an unknown one the overall.

        Args:
            names: The names of the series as records hold them; None: the record has none.
        """
        overall = float("nan") if self.overall is None else self.overall
        found = [self.of_series.get(series_name(name), overall) for name in names]
        return np.array(found, np.float64)


def series_name(value: Any) -> str:
    """Returns the name of a series, which a record holds as bytes or as a number."""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
