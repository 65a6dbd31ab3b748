"""Writers of the TFRecords that the catalog's pipelines read.

Each writes ``<split>-00000-of-00001.tfrecord`` files from data that comes with the dependencies
or from a folder of the user's, and returns the number of records of each split.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfline.pipelines.datasets import (
    dates,
    digits,
    fashion,
    housing,
    power,
    prose,
    reviews,
    series,
    taxi,
    translation,
    unicode,
)

Writer = Callable[[Path, Path | None], dict[str, int]]
"""``write(out_dir, source)``: writes a data set and counts its records by split."""

DATASETS: dict[str, Writer] = {
    "dates": dates.write,
    "digits": digits.write,
    "fashion": fashion.write,
    "housing": housing.write,
    "power": power.write,
    "prose": prose.write,
    "reviews": reviews.write,
    "series": series.write,
    "taxi": taxi.write,
    "translation": translation.write,
    "unicode": unicode.write,
}
