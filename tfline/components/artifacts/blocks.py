"""Blocks of transformed examples on disk: in their order, or from many places in turn.

Transform writes them for the Trainer, and the Trainer for itself. Each of some files holds one
stretch of the blocks; whoever reads the files in turn sees examples from everywhere at once, so
that a split that is sorted does not come sorted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import tensorflow as tf

Change = Callable[[tf.data.Dataset], tf.data.Dataset]

STRETCHES = 64
"""Into so many files a split is written, each of which holds one part of it."""

BLOCK_RECORDS = 1024
"""The most records of a block."""

BLOCK_BYTES = 1 << 20
"""The most that a block takes: one of each stretch is in memory."""

# AutoGraph rewrites Python's control flow, of which there is none here; it takes a second.
_traced_as_is = tf.autograph.experimental.do_not_convert


def block_records(example_bytes: float) -> int:
    """Returns how many examples of this size a block holds."""
    return max(1, min(BLOCK_RECORDS, int(BLOCK_BYTES / example_bytes)))


def save_blocks(blocks: tf.data.Dataset, folder: str, count: int) -> None:
    """Writes blocks into a new folder.

    Args:
        blocks: Batches of examples, of any structure.
        folder: Where to.
        count: How many there are.
    """
    stretches = min(STRETCHES, count)
    numbered = blocks.enumerate()

    @_traced_as_is
    def stretch(number: tf.Tensor, _: object) -> tf.Tensor:
        return tf.minimum(number * stretches // count, stretches - 1)

    numbered.save(folder, shard_func=stretch)


@dataclasses.dataclass(frozen=True)
class Written:
    """Blocks that `save_blocks` has written.

    Attributes:
        folder: Where they are.
        changes: What is done to the blocks when they are read, one after the other.
    """

    folder: str
    changes: tuple[Change, ...] = ()

    def changed(self, change: Change) -> Written:
        """Returns the same blocks, with one change more."""
        return Written(self.folder, (*self.changes, change))

    def blocks(self) -> tf.data.Dataset:
        """Returns the blocks in their order."""
        return self._read(lambda files: files.flat_map(_itself))

    def mixed(self, seed: tf.Tensor) -> tf.data.Dataset:
        """Returns the single examples, from all files in turn.

        Args:
            seed: int64 []; the order of the files follows from it.
        """

        @_traced_as_is
        def examples_of(number: tf.Tensor) -> tf.data.Dataset:
            one_file = self._read(lambda files: files.skip(number).take(1).flat_map(_itself))
            return one_file.unbatch()

        shuffled = tf.data.Dataset.range(STRETCHES).shuffle(STRETCHES, seed=seed)
        return shuffled.interleave(examples_of, cycle_length=STRETCHES)

    def _read(self, choose: Change) -> tf.data.Dataset:
        """Returns the blocks of the files that `choose` makes one dataset of."""
        blocks = tf.data.Dataset.load(self.folder, reader_func=_traced_as_is(choose))
        blocks = blocks.map(_without_number)
        for change in self.changes:
            blocks = change(blocks)
        return blocks


@_traced_as_is
def _itself(blocks: tf.data.Dataset) -> tf.data.Dataset:
    return blocks


@_traced_as_is
def _without_number(_: tf.Tensor, block: object) -> object:
    return block
