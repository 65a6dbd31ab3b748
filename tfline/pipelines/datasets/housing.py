"""California housing: 20,640 districts of the census of 1990, from a CSV file of the user's.

Source: R. K. Pace and R. Barry, Sparse Spatial Autoregressions, Statistics and Probability
Letters 33 (1997); the version with `ocean_proximity` and missing values in `total_bedrooms`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.columns import FeatureType
from tfline.pipelines.datasets.csv_table import find_table, read_table
from tfline.pipelines.datasets.splits import write_splits
from tfline.transforms.errors import SpecError

_LABEL = "median_house_value"
_UNIT = 100_000.0
"""Dollars: a label in the order of 1 is learned as it is."""

_TYPES: dict[str, FeatureType] = {
    "longitude": "float",
    "latitude": "float",
    "housing_median_age": "float",
    "total_rooms": "float",
    "total_bedrooms": "float",
    "population": "float",
    "households": "float",
    "median_income": "float",
    _LABEL: "float",
    "ocean_proximity": "string",
}
_EVAL_OF_256 = 51
"""Rows whose first hash byte is below this go to the eval split: 20 %."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the districts: nine floats and `ocean_proximity` (string).

    The label, `median_house_value`, is in units of 100,000 dollars. An empty cell is a missing
    feature.

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go: 80 % and 20 %, by a hash of the record.
        source: A CSV file, compressed with gzip or not, or the folder that holds
            ``housing.csv`` or ``housing.csv.gz``.

    Returns:
        The number of records by split.

    Raises:
        SpecError: No file is given.
        DataError: The file is missing, lacks a column, or has a cell of another type.
    """
    if source is None:
        raise SpecError(
            "The housing data comes with no package: a CSV file is needed",
            hint="`tfline data housing --from housing.csv`",
        )
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    for row in read_table([find_table(source, "housing.csv")], _TYPES):
        if row[_LABEL] is not None:
            row[_LABEL] = cast("float", row[_LABEL]) / _UNIT
        record = encode_example(row)
        is_eval = hashlib.sha256(record).digest()[0] < _EVAL_OF_256
        splits["eval" if is_eval else "train"].append(record)
    return write_splits(out_dir, splits)
