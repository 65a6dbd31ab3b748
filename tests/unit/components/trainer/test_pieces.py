"""Pieces of record files: where they are, and in which order they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.pieces import (
    Pieces,
    count_strata,
    piece_bytes,
    read_pieces,
    spread_order,
)
from tfline.transforms.framing import FRAMING_BYTES

SEED = tf.constant([42, 0], tf.int64)


def test_offsets_follow_from_the_sizes_in_each_file() -> None:
    files, records, sizes = np.array([[0, 1, 0, 1, 2], [2, 3, 1, 5, 7], [20, 30, 10, 50, 70]])
    pieces = Pieces.of(files, records, sizes)
    assert pieces.files.tolist() == [0, 0, 1, 1, 2]
    assert pieces.offsets.tolist() == [0, 20, 0, 30, 0]
    joined = pieces.joined(100)
    assert joined.files.tolist() == [0, 1, 2]
    assert joined.records.tolist() == [3, 8, 7]
    assert joined.sizes.tolist() == [30, 80, 70]
    assert joined.offsets.tolist() == [0, 0, 0]


def test_pieces_are_small_beside_the_buffer_and_larger_far_away() -> None:
    assert piece_bytes(("a", "b"), record_bytes=100, buffer=6400) == 100 * 100
    assert piece_bytes(("a", "b"), record_bytes=100, buffer=10**6) == 256 << 10
    assert piece_bytes(("s3://bucket/a",), record_bytes=100, buffer=10**7) == 2 << 20


@pytest.mark.parametrize("count", [1, 5, 64, 79, 1000])
def test_neighbours_come_from_everywhere(count: int) -> None:
    strata = count_strata(count, 64)
    order = spread_order(count, strata, SEED).numpy()
    assert sorted(order) == [*range(count)]
    first = np.sort(order[:strata] * strata // count)
    np.testing.assert_array_equal(first, np.arange(strata))
    assert strata > 30 or count < 64


@pytest.mark.parametrize("threads", [1, 3])
def test_every_record_is_read_once_in_an_order_of_the_seed(tmp_path: Path, threads: int) -> None:
    paths = tuple(str(tmp_path / name) for name in "ab")
    for path in paths:
        with tf.io.TFRecordWriter(path) as writer:
            for i in range(40):
                writer.write(f"{path[-1]}{i:03}".encode())
    files = np.repeat([0, 1], 10)
    pieces = Pieces.of(files, np.full(20, 4), np.full(20, 4 * (4 + FRAMING_BYTES)))

    def read(seed: int) -> list[bytes]:
        order = tf.constant([seed, 0], tf.int64)
        return [*read_pieces(paths, pieces, order, 5, threads).as_numpy_iterator()]

    found = read(1)
    assert sorted(found) == [f"{name}{i:03}".encode() for name in "ab" for i in range(40)]
    assert found == read(1) != read(2)
    assert {record[:1] for record in found[:10]} == {b"a", b"b"}
