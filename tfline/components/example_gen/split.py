"""Records in one heap, divided into splits: verify all, plan who goes where, then write.

A plan takes a few numbers a record; the records themselves pass by in batches.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from tfx.dsl.io import fileio

from tfline.components.example_gen import assign, column
from tfline.components.example_gen.artifact import shard_name
from tfline.components.example_gen.config import Payload, SplitRule, microseconds
from tfline.components.example_gen.inspection import RecordFile, inspect_file
from tfline.components.example_gen.reading import record_batches, verify_records
from tfline.transforms.errors import DataError
from tfline.transforms.framing import frame

_progress = logging.getLogger("tfline.progress")
_TIME_ORDER = ("train", "train_dev", "eval", "test")


def divide_files(
    paths: Sequence[str], folders: Mapping[str, str], payload: Payload, rule: SplitRule
) -> tuple[dict[str, int], int]:
    """Writes each record to the folder of its split, in the order in which they come.

    The same files and the same rule give the same bytes, on any machine.

    Args:
        paths: The files.
        folders: Where each split goes; created.
        payload: What the records should be.
        rule: How they are divided.

    Returns:
        The number of records by split, in the order of `folders`, and how many are in none.

    Raises:
        DataError: A file is missing, empty, damaged or of another kind, a record lacks the
            feature that decides, or a split would be empty.
    """
    files = [inspect_file(path, payload) for path in paths]
    _progress.info("verifying %d files", len(files))
    if verify_records(files) == 0:
        raise DataError("There is no record to divide.", where=", ".join(paths))
    _progress.info("dividing by %s", rule.by)
    names = _ordered(list(folders), rule)
    assignment = _assign(files, payload, rule, [rule.fractions[name] for name in names])
    divided = assignment[assignment != assign.LEFT_OUT]
    counts = np.bincount(divided, minlength=len(names)).tolist()
    for name, count in zip(names, counts, strict=True):
        if count == 0:
            raise _empty_split(name, len(assignment), rule)
    shards = len(files)
    _write(files, assignment, [
        _ShardWriter(folders[name], count, min(count, shards))
        for name, count in zip(names, counts, strict=True)
    ])  # fmt: skip
    by_name = dict(zip(names, counts, strict=True))
    return {name: by_name[name] for name in folders}, len(assignment) - len(divided)


def _ordered(names: Sequence[str], rule: SplitRule) -> list[str]:
    """Returns the names of the splits, from the earliest to the latest if time decides."""
    if rule.by != "time":
        return list(names)
    known = [name for name in _TIME_ORDER if name in names]
    return known + [name for name in names if name not in known]


def _assign(
    files: Sequence[RecordFile], payload: Payload, rule: SplitRule, fractions: Sequence[float]
) -> assign.Assignment:
    """Returns the index of each record's split."""
    if rule.by == "hash" or rule.feature is None:
        return assign.by_hash(column.record_fingerprints(files), fractions, rule.seed)
    if rule.by == "time":
        ends = None if rule.end is None else column.times(files, payload, rule.end)
        times = column.times(files, payload, rule.feature)
        embargo = _embargo(files, rule.feature, rule.embargo)
        return assign.by_time(times, fractions, ends=ends, embargo=embargo)
    if rule.by == "group":
        values = column.value_fingerprints(files, payload, rule.feature)
        return assign.by_hash(values, fractions, rule.seed)
    strata = column.strata(files, payload, rule.feature, rule.bins)
    return assign.by_stratum(strata, column.record_fingerprints(files), fractions, rule.seed)


def _embargo(files: Sequence[RecordFile], feature: str, embargo: float | str) -> float:
    """Returns the embargo in the unit of `column.times`.

    Raises:
        DataError: A number is given for dates, or a time span for numbers.
    """
    if not embargo:
        return 0.0
    is_text = column.is_text(files, feature)
    if is_text != isinstance(embargo, str):
        found = "dates" if is_text else "numbers"
        raise DataError(
            f"The embargo is {embargo!r}, but `{feature}` holds {found}",
            hint="Write `embargo: 7d` for dates, and a number in their own unit for numbers.",
        )
    return microseconds(embargo) if isinstance(embargo, str) else embargo


def _empty_split(name: str, records: int, rule: SplitRule) -> DataError:
    """Returns the error for a split that no record falls into."""
    reasons = {
        "group": f"There may be too few values of `{rule.feature}`.",
        "time": f"Too many records may have the same `{rule.feature}`, or fall into the embargo.",
    }
    hint = f"Give it a larger fraction, or more records. {reasons.get(rule.by, '')}".rstrip()
    return DataError(
        f"The split `{name}` would be empty: a fraction of {rule.fractions[name]:g} of "
        f"{records:,} records, divided by {rule.by}.",
        where=f"split {name}",
        hint=hint,
    )


def _write(
    files: Sequence[RecordFile], assignment: assign.Assignment, writers: Sequence[_ShardWriter]
) -> None:
    """Hands each record to the writer of its split."""
    start = 0
    for batch in record_batches(files):
        records = batch.numpy()
        of_batch = assignment[start : start + len(records)]
        for index, writer in enumerate(writers):
            writer.write(records[of_batch == index])
        start += len(records)


class _ShardWriter:
    """Writes a known number of records into a number of files of equal length.

    Args:
        folder: Where the files go; created.
        count: How many records will come, at least one a shard.
        shards: The number of files.
    """

    def __init__(self, folder: str, count: int, shards: int) -> None:
        fileio.makedirs(folder)
        self._folder = folder
        self._ends = [count * (shard + 1) // shards for shard in range(shards)]
        self._shard = 0
        self._written = 0
        self._stream: BinaryIO | None = None

    def write(self, records: Sequence[bytes]) -> None:
        """Appends `records`; the last one closes the last file."""
        while len(records):
            room = self._ends[self._shard] - self._written
            chunk, records = records[:room], records[room:]
            if self._stream is None:
                self._stream = self._open()
            self._stream.write(b"".join(map(frame, chunk)))
            self._written += len(chunk)
            if self._written == self._ends[self._shard]:
                self._stream.close()
                self._stream = None
                self._shard += 1

    def _open(self) -> Any:
        """Opens the file of the current shard."""
        name = shard_name(self._shard, len(self._ends), compressed=False)
        return fileio.open(os.path.join(self._folder, name), "wb")
