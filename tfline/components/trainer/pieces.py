"""Record files in pieces, which are read in a random order.

A buffer mixes what is near in a file, and a large file may be sorted: by its label, by time, by
customer. A TFRecord file has no index, but the pass that counts its records finds where they begin;
from then on each epoch reads the pieces in an order of its own, many at the same time.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import tensorflow as tf

PIECE_BYTES = 256 << 10
"""The most that a piece of a local file has, unless one record has more."""

REMOTE_PIECE_BYTES = 2 << 20
"""That of a file elsewhere: to ask for it costs more than to move it."""

PIECES_IN_BUFFER = 64
"""A piece is so much smaller than the shuffle buffer, if that is small."""

Integers = npt.NDArray[np.int64]

_traced_as_is = tf.autograph.experimental.do_not_convert


@dataclasses.dataclass(frozen=True, eq=False)
class Pieces:
    """Where the pieces of some files are, in the order of the files; int64 [pieces] each.

    Attributes:
        files: The index of the file.
        records: How many records a piece has.
        sizes: The bytes that it takes in the file.
        offsets: The byte of the file where it begins.
    """

    files: Integers
    records: Integers
    sizes: Integers
    offsets: Integers

    @classmethod
    def of(cls, files: Integers, records: Integers, sizes: Integers) -> Pieces:
        """Returns pieces that come in any order of the files, but in each file in theirs."""
        order = np.argsort(files, kind="stable")
        files, records, sizes = files[order], records[order], sizes[order]
        ends = np.cumsum(sizes)
        first = np.searchsorted(files, files)  # the first piece of the same file
        return cls(files, records, sizes, ends - sizes - (ends - sizes)[first])

    def joined(self, size: float) -> Pieces:
        """Returns the pieces with neighbours put together to about `size` bytes."""
        window = (self.offsets // max(size, 1)).astype(np.int64)
        is_first = np.ones(len(self.files), np.bool_)
        is_first[1:] = (np.diff(self.files) != 0) | (np.diff(window) != 0)
        starts = np.flatnonzero(is_first)
        return Pieces(
            self.files[starts],
            np.add.reduceat(self.records, starts),
            np.add.reduceat(self.sizes, starts),
            self.offsets[starts],
        )


def piece_bytes(paths: tuple[str, ...], record_bytes: float, buffer: int) -> float:
    """Returns how large a piece is to be.

    Args:
        paths: Of the files.
        record_bytes: The mean size of a record.
        buffer: How many records are shuffled at a time.
    """
    is_remote = any("://" in path for path in paths)
    largest = REMOTE_PIECE_BYTES if is_remote else PIECE_BYTES
    return min(largest, buffer / PIECES_IN_BUFFER * record_bytes)


def count_strata(count: int, most: int) -> int:
    """Returns into how many strata numbers are divided, so that the last turn is nearly whole.

    Args:
        count: How many numbers there are.
        most: How many strata there may be.
    """
    turns = math.ceil(count / most)
    return math.ceil(count / turns)


def spread_order(count: int, strata: int, seed: tf.Tensor) -> tf.Tensor:
    """Returns a random order in which neighbours come from everywhere.

    The numbers are divided into strata of one size; one after the other is drawn from each of them
    in turn (stratified sampling), so that those of a turn stand for the whole.

    Args:
        count: How many numbers there are.
        strata: See `count_strata`.
        seed: int64 [2].

    Returns:
        The numbers from 0, int32 [count].
    """
    shuffled = tf.random.experimental.stateless_shuffle(tf.range(count), seed)
    stratum = tf.cast(tf.cast(shuffled, tf.int64) * strata // count, tf.int32)
    by_stratum = tf.argsort(stratum, stable=True)
    sizes = tf.math.bincount(stratum, minlength=strata)
    rank = tf.range(count) - tf.repeat(tf.cumsum(sizes, exclusive=True), sizes)
    turn = tf.random.experimental.stateless_shuffle(tf.range(strata), seed + 1)
    place = tf.cast(rank, tf.int64) * strata + tf.cast(tf.repeat(turn, sizes), tf.int64)
    return tf.gather(tf.gather(shuffled, by_stratum), tf.argsort(place))


def read_pieces(
    paths: tuple[str, ...], pieces: Pieces, seed: tf.Tensor, at_once: int, threads: int = 1
) -> tf.data.Dataset:
    """Returns the serialized records of uncompressed TFRecord files, from many pieces in turn.

    Args:
        paths: Of the files.
        pieces: Of these files.
        seed: int64 [2]; the order of the pieces follows from it.
        at_once: So many pieces are read in turn, or fewer; see `count_strata`.
        threads: So many of them at the same time; the order is the same.
    """
    names = tf.constant(paths)
    count = len(pieces.files)
    at_once = count_strata(count, at_once)  # pieces of one turn begin, and end, together
    order = spread_order(count, at_once, seed)
    columns = (pieces.files, pieces.offsets, pieces.sizes, pieces.records)
    shuffled = tf.data.Dataset.from_tensor_slices(tuple(tf.gather(c, order) for c in columns))

    @_traced_as_is
    def read(file: tf.Tensor, offset: tf.Tensor, size: tf.Tensor, records: tf.Tensor) -> object:
        from_offset = tf.raw_ops.TFRecordDatasetV2(
            filenames=names[file][tf.newaxis],
            compression_type="",
            buffer_size=size,
            byte_offsets=offset[tf.newaxis],
        )
        spec = tf.TensorSpec([], tf.string)
        return tf.data.experimental.from_variant(from_offset, spec).take(records)

    if threads == 1:
        return shuffled.interleave(read, cycle_length=at_once)
    return shuffled.interleave(
        read,
        cycle_length=at_once,
        num_parallel_calls=min(threads, at_once),
        deterministic=True,
    )
