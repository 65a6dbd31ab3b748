"""Chicago taxi trips: 15,002 rows of mixed types, many values missing, from the tfx package.

Source: City of Chicago Data Portal, Taxi Trips; the sample of TFX's own taxi example.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import cast

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.columns import FeatureType
from tfline.pipelines.datasets.csv_table import read_table
from tfline.pipelines.datasets.splits import write_splits
from tfline.transforms.errors import DataError

_TYPES: dict[str, FeatureType] = {
    "pickup_community_area": "int",
    "fare": "float",
    "trip_start_month": "int",
    "trip_start_hour": "int",
    "trip_start_day": "int",
    "trip_start_timestamp": "int",
    "pickup_latitude": "float",
    "pickup_longitude": "float",
    "dropoff_latitude": "float",
    "dropoff_longitude": "float",
    "trip_miles": "float",
    "pickup_census_tract": "int",
    "dropoff_census_tract": "int",
    "payment_type": "string",
    "company": "string",
    "trip_seconds": "int",
    "dropoff_community_area": "int",
    "tips": "float",
}
_SAMPLE = Path("examples/chicago_taxi_pipeline/data/simple/data.csv")
_BIG_TIP = 0.2
_EVAL_OF_256 = 51
"""Rows whose first hash byte is below this go to the eval split: 20 %."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the trips with their 18 columns and `big_tipper` (int64: tips above 20 % of fare).

    Times, counts and areas are int64, `payment_type` and `company` are strings, the rest are
    floats. An empty cell is a missing feature.

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go: 80 % and 20 %, by a hash of the record.
        source: A CSV file with the same columns; None: the sample in the installed tfx package.

    Returns:
        The number of records by split.

    Raises:
        DataError: The CSV file is missing, lacks a column, or has a cell of another type.
    """
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    for row in read_table([source or _installed_sample()], _TYPES):
        tips, fare = (cast("float", row[column] or 0.0) for column in ("tips", "fare"))
        record = encode_example({**row, "big_tipper": int(tips > _BIG_TIP * fare)})
        is_eval = hashlib.sha256(record).digest()[0] < _EVAL_OF_256
        splits["eval" if is_eval else "train"].append(record)
    return write_splits(out_dir, splits)


def _installed_sample() -> Path:
    """Returns the CSV file of the tfx package, which is found but not imported."""
    spec = importlib.util.find_spec("tfx")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("The taxi trips come with the package tfx, which is not installed.")
    return Path(spec.submodule_search_locations[0]) / _SAMPLE
