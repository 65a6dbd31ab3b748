"""Blocks of time: windows of a series that lie near one another are resampled together.

Two windows that share rows are no independent evidence, and what a model misses at one hour it
misses at the next. So whole blocks of neighbouring windows are drawn (the block bootstrap; Kunsch,
1989; Politis and Romano, 1992), of all series together, since what moves one often moves another.

A block has to be longer than what one record has to do with another, and there have to be many.
With a time of N windows one after the other there are N^(2/3) blocks, each N^(1/3) windows long:
the rate at which both errors of a variance by blocks shrink together (Hall, Horowitz and Jing,
1995, "On blocking rules for the bootstrap with dependent data").
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfline.components.artifacts.splits import compression
from tfline.components.artifacts.windows import WINDOW_END, WINDOW_START
from tfline.metrics.arrays import Floats
from tfline.transforms.errors import DataError
from tfline.transforms.iso8601 import as_times
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")

_BATCH = 4096
"""Records read at a time."""


@dataclasses.dataclass(frozen=True)
class TimeBlocks:
    """How time is cut.

    Attributes:
        length: Of a block, in microseconds, or in the unit of `WINDOW_START` if that is a number.
        dates: Whether times are dates.
    """

    length: float
    dates: bool

    def places(self, starts: Any) -> Floats:
        """Returns where windows begin, in lengths of a block.

        Args:
            starts: `WINDOW_START` of each window, [n].
        """
        places: Floats = as_times(starts) / self.length
        return places

    @property
    def words(self) -> str:
        """For example ``blocks of 2 days, 4:00:00 of neighbouring windows``."""
        if not self.dates:
            return f"blocks of {self.length:,.4g} steps of neighbouring windows"
        length = datetime.timedelta(seconds=round(self.length / 1e6))
        return f"blocks of {length} of neighbouring windows"


def find_time_blocks(files: Sequence[str]) -> TimeBlocks | None:
    """Returns how time is cut; None if the records are no windows of series.

    Args:
        files: TFRecord files of tf.Examples; all are read.

    Raises:
        DataError: Only some records say where they begin and end, or a time cannot be read.
    """
    if not _are_windows(files):
        return None
    found = [_times(file) for file in files]
    starts, ends = (np.concatenate(column) for column in zip(*found, strict=True))
    dates = starts.dtype.kind in "SO"
    begins, stops = as_times(starts), as_times(ends)
    window = float(np.median(stops - begins)) or 1.0
    return TimeBlocks(block_length(float(stops.max() - begins.min()), window), dates)


def block_length(time: float, window: float) -> float:
    """Returns the length of a block, in the unit of its arguments.

    Args:
        time: From the beginning of the first window to the end of the last one.
        window: The length of a window.
    """
    windows = max(time / window, 1.0)
    return time / max(round(windows ** (2 / 3)), 1) if time > 0 else window


def _are_windows(files: Sequence[str]) -> bool:
    for file in files:
        for record in _records(file).take(1).as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            return WINDOW_START in features and WINDOW_END in features
    return False


def _records(file: str) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(file, compression_type=compression(file))


def _times(file: str) -> tuple[Any, Any]:
    """Returns where the windows of a file begin and end, [n] each."""
    found: list[tuple[Any, Any]] = []
    for start, end in _parsed(file):
        if len(start) != len(end) or not len(start):
            raise DataError(
                f"Only some windows have one `{WINDOW_START}` and one `{WINDOW_END}`",
                where=file,
                hint="Write all records by `tfline data convert --window`, or name what belongs "
                "together: `evaluate: {unit: FEATURE}`.",
            )
        found.append((start, end))
    if not found:
        empty = np.zeros(0)
        return empty, empty
    starts, ends = zip(*found, strict=True)
    return np.concatenate(starts), np.concatenate(ends)


def _parsed(file: str) -> Any:
    records = _records(file)
    first = next(records.as_numpy_iterator(), None)
    if first is None:
        return
    kinds = {"int64_list": tf.int64, "float_list": tf.float32, "bytes_list": tf.string}
    features = tf.train.Example.FromString(first).features.feature
    parsers = {
        key: tf.io.VarLenFeature(kinds[features[key].WhichOneof("kind") or "int64_list"])
        for key in (WINDOW_START, WINDOW_END)
    }
    for batch in records.batch(_BATCH).as_numpy_iterator():
        try:
            columns = tf.io.parse_example(batch, parsers)
        except tf.errors.InvalidArgumentError as exc:
            reason, *_ = exc.message.splitlines()
            raise DataError(f"A record cannot be read: {reason}", where=file) from exc
        values = [columns[key].values.numpy() for key in (WINDOW_START, WINDOW_END)]
        yield values if all(len(v) == len(batch) for v in values) else ([], [])
