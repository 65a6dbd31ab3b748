"""Which records are used at all: those for which the condition `where` of the data holds.

They are written into files of their own, before anything else is done with them; so a split is
made of them alone, and a record that is left out is in no split, no statistics and no model.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tfx.dsl.io import fileio

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.column import (
    DTYPES,
    feature_kinds,
    parse_features,
)
from tfline.components.example_gen.config import IngestConfig, Payload
from tfline.components.example_gen.inspection import (
    RecordFile,
    inspect_file,
    open_file,
    parse_record,
)
from tfline.components.example_gen.reading import record_batches, verify_records
from tfline.transforms.condition import Column, Kind, check_kinds, holds, names_of
from tfline.transforms.errors import DataError, TflineError
from tfline.transforms.framing import frame

_progress = logging.getLogger("tfline.progress")


@contextlib.contextmanager
def chosen_records(config: IngestConfig, folder: str) -> Iterator[tuple[IngestConfig, int]]:
    """Writes the records for which `config.where` holds into files of their own, for a while.

    Args:
        config: What is asked for.
        folder: Where the files go; removed afterwards. It is not there yet.

    Yields:
        The same config with those files, and how many records were left out. An error that is
        raised inside about one of them names the file that it was made of.

    Raises:
        DataError: A file cannot be read, a record has several values of a feature that the
            condition names, or the condition holds for no record of a split.
        SpecError: The condition names no feature of the data, or compares a number with a text.
    """
    if config.where is None:
        yield config, 0
        return
    choice = _Choice(config.where, config.payload, folder)
    groups = config.splits or {"files": config.files or ()}
    kept = {name: choice.write(name, paths) for name, paths in groups.items()}
    files = {"splits": kept} if config.splits else {"files": kept["files"]}
    chosen = config.model_copy(update={"where": None, "ingest": "link", **files})
    try:
        yield chosen, choice.left_out
    except TflineError as exc:
        for path, origin in choice.origins.items():
            if path in exc.where:
                where = f"{exc.where.replace(path, origin)}, counted among those of `where`"
                raise type(exc)(exc.message, where, exc.hint) from exc
        raise
    fileio.rmtree(folder)


@dataclasses.dataclass
class _Choice:
    """Writes the records for which a condition holds.

    Attributes:
        condition: The condition.
        payload: What the records are.
        folder: Where they go.
        left_out: How many records were left out so far.
        origins: File that was written to the file that it was made of.
    """

    condition: str
    payload: Payload
    folder: str
    left_out: int = 0
    origins: dict[str, str] = dataclasses.field(default_factory=dict)

    def write(self, name: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Returns the files of the chosen records of a split; one without any is left out."""
        files = [inspect_file(path, self.payload) for path in paths]
        records = verify_records(files)
        names = names_of(self.condition)
        lists = feature_kinds(files, names, "choose records", "data.where")
        kinds: dict[str, Kind] = {
            key: "text" if kind == "bytes_list" else "number" for key, kind in lists.items()
        }
        check_kinds(self.condition, kinds)
        fileio.makedirs(os.path.join(self.folder, name))
        kept, written = 0, []
        for index, file in enumerate(files):
            _progress.info("choosing records of %s (%d of %d)", file.path, index + 1, len(files))
            base = os.path.basename(file.path)
            path = os.path.join(self.folder, name, f"{index:05d}-{base}")
            if count := self._write_file(file, path, lists):
                kept += count
                written.append(path)
                self.origins[path] = file.path
        if not kept:
            raise DataError(
                f"`where: {self.condition}` holds for none of {records:,} records of `{name}`",
                where=", ".join(paths),
                hint=f"Look at them: `tfline data show {paths[0]}`.",
            )
        self.left_out += records - kept
        return tuple(written)

    def _write_file(self, file: RecordFile, path: str, lists: dict[str, str]) -> int:
        """Writes the chosen records of a file; returns how many there are."""
        count = 0
        with fileio.open(path, "wb") as stream:
            for batch in record_batches([file]):
                chosen = batch.numpy()[self._holds(file, batch, lists)]
                stream.write(b"".join(map(frame, chosen)))
                count += len(chosen)
        return count

    def _holds(
        self, file: RecordFile, batch: tf.Tensor, lists: dict[str, str]
    ) -> NDArray[np.bool_]:
        ragged = {key: tf.io.RaggedFeature(DTYPES[kind]) for key, kind in lists.items()}
        try:
            parsed = parse_features(batch, ragged, self.payload)
            columns = {key: _column(values) for key, values in parsed.items()}
        except (ValueError, tf.errors.InvalidArgumentError) as exc:
            raise _find_culprit(file, lists) or DataError(
                f"Cannot choose records: {exc}", file.path
            ) from exc
        return holds(self.condition, columns, len(batch))


def _column(ragged: tf.RaggedTensor) -> Column:
    """Returns the values of a feature, of which a record has one or none.

    Raises:
        ValueError: A record has several.
    """
    lengths = ragged.row_lengths().numpy()
    if (lengths > 1).any():
        raise ValueError("a record has several values")
    known = lengths == 1
    flat = ragged.flat_values.numpy()
    if flat.dtype == np.object_:
        flat = np.array([value.decode(errors="replace") for value in flat], np.str_)
    values = np.zeros(len(lengths), flat.dtype)
    values[known] = flat
    if np.issubdtype(values.dtype, np.floating):
        known = known & ~np.isnan(values)
    return Column(values, known)


def _find_culprit(file: RecordFile, lists: dict[str, str]) -> DataError | None:
    """Returns the error that names the first record that a condition cannot be asked about."""
    for number, record in enumerate(tfrecord.read_records(file.path, open_file)):
        features = parse_record(record).context.feature
        for key, kind in lists.items():
            found = features[key].WhichOneof("kind") if key in features else None
            if found not in (None, kind):
                problem = f"the record holds it as {found}, others as {kind}"
            elif found and len(getattr(features[key], found).value) > 1:
                problem = f"the record has {len(getattr(features[key], found).value)} values of it"
            else:
                continue
            return DataError(
                f"Cannot choose records by `{key}`: {problem}",
                f"{file.path}, record {number}",
                "Name a feature of one value a record in `where`.",
            )
    return None
