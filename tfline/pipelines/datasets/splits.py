"""The files of a data set that is written split by split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tfline.components.example_gen import tfrecord
from tfline.pipelines.datasets.staging import staged_folder


def write_splits(out_dir: Path, splits: Mapping[str, Iterable[bytes]]) -> dict[str, int]:
    """Writes one TFRecord file a split; all of them appear, or none.

    Args:
        out_dir: The destination; created if it is missing.
        splits: The serialized records by split.

    Returns:
        The number of records by split.
    """
    with staged_folder(out_dir) as staging:
        return {
            split: tfrecord.write_records(staging / f"{split}-00000-of-00001.tfrecord", records)
            for split, records in splits.items()
        }
