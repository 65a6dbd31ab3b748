"""The TFRecord files of a split, and what is in them."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfline.components.trainer.pieces import PIECE_BYTES, Pieces
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.transforms.errors import DataError
from tfline.transforms.framing import FRAMING_BYTES

_logger = logging.getLogger(__name__)

READ_FILES = 8
"""So many files are read in turn, so that records of different files meet in the buffer."""

READ_BYTES = 4 << 20
"""The read buffer of a file."""

COUNT_RECORDS = 256
"""The most records that are counted at once, and the fewest of a piece of a file."""

# AutoGraph rewrites Python's control flow, of which there is none here; it takes a second.
traced_as_is = tf.autograph.experimental.do_not_convert


@dataclasses.dataclass(frozen=True)
class Split:
    """The files of a split, and what is in them.

    Attributes:
        name: ``train`` or ``eval``.
        files: TFRecord files of serialized tf.Examples; GZIP ones end in ``.gz``.
        records: How many records there are.
        labelled: How many of them have a label; only these are used.
        record_bytes: The mean size of a record.
        pieces: Where in the files they are, before any compression.
    """

    name: str
    files: tuple[str, ...]
    records: int
    labelled: int
    record_bytes: float
    pieces: Pieces

    @property
    def is_compressed(self) -> bool:
        """Whether a file is; its pieces can then not be read by themselves."""
        return any(file.endswith(".gz") for file in self.files)

    @property
    def plain_bytes(self) -> int:
        """The size of the files without compression."""
        return int(self.pieces.sizes.sum())


def survey(name: str, patterns: Sequence[str], graph: TransformGraph) -> Split:
    """Counts the records of a split in one pass that parses nothing but the label.

    Args:
        name: The split's name.
        patterns: Of its files.
        graph: Tells which label is one.

    Returns:
        The split.

    Raises:
        DataError: There is no file, no record, or no record with a label; or a label cannot be
            scaled.
    """
    files = tuple(sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern)))
    if not files:
        raise DataError(f"The {name} split has no files", where=", ".join(patterns))
    counted = _counted(files, graph)
    records, labelled, without_target, size = (int(n) for n in counted[:, 1:].sum(axis=0))
    if without_target:
        raise DataError(
            f"{without_target:,} of {records:,} records of the {name} split have a label of -1 or "
            "less, whose log(1 + label) is no number",
            where=f"feature {graph.metadata.label}",
            hint="Scale the label otherwise: `label: {transform: standardize}`.",
        )
    if not labelled:
        raise DataError(
            f"The {name} split has {records:,} records, but none with a label",
            where=f"feature {graph.metadata.label}",
            hint="Name the feature to predict in `label`.",
        )
    if labelled < records:
        _logger.warning(
            "%d of %d records of the %s split have no label and are left out",
            records - labelled,
            records,
            name,
        )
    sizes = counted[:, 4] + counted[:, 1] * FRAMING_BYTES
    pieces = Pieces.of(counted[:, 0], counted[:, 1], sizes)
    return Split(name, files, records, labelled, size / records, pieces)


def _counted(files: tuple[str, ...], graph: TransformGraph) -> npt.NDArray[np.int64]:
    """Returns what is in each piece of each file, int64 [pieces, 5].

    Its file, its records, those with a label, those whose label cannot be scaled, and the bytes of
    the records alone.
    """
    paths = tf.constant(files)
    lengths = read_records(paths, 1).take(1).map(tf.strings.length)
    first = next(lengths.as_numpy_iterator(), 0)
    at_once = int(max(1, min(COUNT_RECORDS, PIECE_BYTES // (first + 1))))

    @traced_as_is
    def read(number: tf.Tensor, file: tf.Tensor) -> tf.data.Dataset:
        batches = _read(file).batch(at_once)
        return tf.data.Dataset.zip((tf.data.Dataset.from_tensors(number).repeat(), batches))

    @traced_as_is
    def count(number: tf.Tensor, examples: tf.Tensor) -> tf.Tensor:
        sizes = tf.cast(tf.strings.length(examples), tf.int64)
        labelled, usable = graph.known(examples)
        masks = (tf.ones_like(labelled), labelled, labelled & ~usable)
        counts = map(tf.math.count_nonzero, masks)
        return tf.stack([number, *counts, tf.reduce_sum(sizes)])

    numbered = tf.data.Dataset.from_tensor_slices(paths).enumerate()
    batches = numbered.interleave(read, cycle_length=READ_FILES)
    counts = batches.map(count, num_parallel_calls=tf.data.AUTOTUNE).batch(COUNT_RECORDS)
    found = [np.zeros([0, 5], np.int64), *counts.as_numpy_iterator()]
    return np.concatenate(found)


def read_records(
    files: tf.Tensor, interleave: int = READ_FILES, threads: int = 1
) -> tf.data.Dataset:
    """Returns the serialized records of TFRecord files, from several files in turn.

    One thread reads unless more are asked for: to hand a record over between threads costs five
    times what reading a local file does. The order is the same with any number of threads.

    Args:
        files: Paths, string [n]; GZIP-compressed ones end in ``.gz``.
        interleave: So many files are read in turn.
        threads: So many of them at the same time.
    """
    paths = tf.data.Dataset.from_tensor_slices(files)
    if threads == 1:
        return paths.interleave(_read, cycle_length=interleave)
    at_once = min(threads, interleave)
    return paths.interleave(
        _read, cycle_length=interleave, num_parallel_calls=at_once, deterministic=True
    )


@traced_as_is
def _read(file: tf.Tensor) -> tf.data.Dataset:
    """Returns the records of one file, whose name is a string []."""
    compression = tf.where(tf.strings.regex_full_match(file, r".*\.gz"), "GZIP", "")
    return tf.data.TFRecordDataset(file, compression, READ_BYTES)
