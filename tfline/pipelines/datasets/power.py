"""The electric power of a household, hour by hour, from a CSV file of the user's.

Source: G. Hébrail and A. Bérard, Individual Household Electric Power Consumption, UCI Machine
Learning Repository (2012): Sceaux, December 2006 to November 2010; the version that sums the
minutes of each hour, without gaps.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from tfline.components.artifacts.windows import WINDOW_END, WINDOW_START
from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.pipelines.datasets.columns import FeatureType
from tfline.pipelines.datasets.csv_table import find_table, read_table
from tfline.pipelines.datasets.splits import write_splits
from tfline.pipelines.datasets.windows import Windows, cut_windows
from tfline.transforms.errors import SpecError

_NAME = "clean_household_power_consumption.csv"

HOURS = 72
"""How many hours a record looks back."""

AHEAD = 24
"""How many hours are to be forecast."""

_TYPES: dict[str, FeatureType] = {
    "datetime": "string",
    "Global_active_power": "float",
    "Voltage": "float",
}
_MINUTES = 60
"""The table holds sums of the minutes of an hour; the records their means."""

_TRAIN = 0.8
"""The share of the hours, from the first on, in the train split."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes a record an hour: what was, what follows, and when.

    `power` (72 floats, kW) and `voltage` (72 floats, V) are the hours before; `power_ahead` (24
    floats, kW) those that follow; `hour` (int64), `weekday` (int64, 0: Monday) and `season`
    (string) are those of the first that follows. No hour is in records of both splits.

    Args:
        out_dir: Where ``train-*`` (the first 80 % of the hours) and ``eval-*`` go.
        source: A CSV file, compressed with gzip or not, or the folder that holds
            ``clean_household_power_consumption.csv``.

    Returns:
        The number of records by split.

    Raises:
        SpecError: No file is given.
        DataError: The file is missing, lacks a column, or has a cell of another type.
    """
    if source is None:
        raise SpecError(
            "The power of the household comes with no package: a CSV file is needed",
            hint="`tfline data power --from household_power.csv`",
        )
    rows = [_hour(row) for row in read_table([find_table(source, _NAME)], _TYPES)]
    cut = int(_TRAIN * len(rows))
    return write_splits(out_dir, {"train": _records(rows[:cut]), "eval": _records(rows[cut:])})


def _hour(row: dict[str, Value]) -> dict[str, Value]:
    return {
        "time": row["datetime"],
        "power": _mean(row["Global_active_power"]),
        "voltage": _mean(row["Voltage"]),
    }


def _mean(value: Value) -> float | None:
    return None if value is None else cast("float", value) / _MINUTES


def _records(rows: Sequence[dict[str, Value]]) -> Iterator[bytes]:
    windows = Windows(HOURS, "power", steps=AHEAD)
    for record in cut_windows(rows, windows):
        times = cast("list[str]", record.pop("time"))
        del record[WINDOW_START], record[WINDOW_END]  # rows of a split, which is cut already
        first = datetime.datetime.fromisoformat(times[-1]) + datetime.timedelta(hours=1)
        yield encode_example(
            {
                **record,
                "hour": first.hour,
                "weekday": first.weekday(),
                "season": ("winter", "spring", "summer", "autumn")[first.month % 12 // 3],
            }
        )
