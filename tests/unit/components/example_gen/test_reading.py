"""TensorFlow's reader checks whole files; what it overlooks is found all the same."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.example_gen.inspection import RecordFile
from tfline.components.example_gen.reading import record_batches, verify_records
from tfline.transforms.errors import DataError
from tfline.transforms.framing import frame

RECORDS = [bytes([number]) * 50 for number in range(100)]


@pytest.fixture
def record_file(tmp_path: Path) -> Callable[..., RecordFile]:
    """Returns a function that writes framed bytes as a file, as they are."""

    def write(name: str, data: bytes) -> RecordFile:
        path = tmp_path / name
        path.write_bytes(data)
        return RecordFile(str(path), "GZIP" if data[:2] == b"\x1f\x8b" else "", 50)

    return write


def framed(records: list[bytes]) -> bytes:
    return b"".join(map(frame, records))


def test_record_batches_keep_the_order_of_files(record_file: Callable[..., RecordFile]) -> None:
    files = [
        record_file("a", framed(RECORDS[:60])),
        record_file("b", gzip.compress(framed(RECORDS[60:]))),
    ]
    records = [record for batch in record_batches(files) for record in batch.numpy()]
    assert records == RECORDS


def test_record_batches_are_small_when_records_are_large(
    record_file: Callable[..., RecordFile],
) -> None:
    path = record_file("a", framed(RECORDS)).path
    sizes = [len(batch) for batch in record_batches([RecordFile(path, "", 1 << 20)])]
    assert max(sizes) <= 4


def test_verify_records_counts_plain_and_compressed_files(
    record_file: Callable[..., RecordFile],
) -> None:
    members = gzip.compress(framed(RECORDS[:5])) + gzip.compress(framed(RECORDS[5:]))
    files = [
        record_file("a", framed(RECORDS)),
        record_file("b", gzip.compress(framed(RECORDS))),
        record_file("c", members),
    ]
    assert verify_records(files) == 3 * len(RECORDS)


@pytest.mark.parametrize("position", [66 * 70 + 3, 66 * 70 + 30, -1])
def test_verify_records_locates_a_flipped_byte(
    record_file: Callable[..., RecordFile], position: int
) -> None:
    data = bytearray(framed(RECORDS))
    data[position] ^= 8
    files = [record_file("good", framed(RECORDS)), record_file("bad", bytes(data))]
    number = position // 66 % 100
    with pytest.raises(DataError, match="checksum") as caught:
        verify_records(files)
    assert caught.value.where == f"{files[1].path}, record {number}, byte {number * 66:,}"


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_verify_records_locates_a_truncation(
    record_file: Callable[..., RecordFile], cut: int
) -> None:
    with pytest.raises(DataError, match=r"truncated.*record 99"):
        verify_records([record_file("a", framed(RECORDS)[:-cut])])


@pytest.mark.parametrize("cut", [3, 8, 40])
def test_verify_records_finds_truncated_gzip(
    record_file: Callable[..., RecordFile], cut: int
) -> None:
    with pytest.raises(DataError, match="gzip data is truncated"):
        verify_records([record_file("a", gzip.compress(framed(RECORDS))[:-cut])])


def test_verify_records_finds_gzip_cut_between_two_records(
    record_file: Callable[..., RecordFile],
) -> None:
    stream = zlib.compressobj(wbits=31)
    half = stream.compress(framed(RECORDS[:50])) + stream.flush(zlib.Z_FULL_FLUSH)
    with pytest.raises(DataError, match=r"gzip data is truncated.*record 50"):
        verify_records([record_file("a", half)])


def test_verify_records_names_the_source_of_a_damaged_copy(
    record_file: Callable[..., RecordFile],
) -> None:
    damaged = framed(RECORDS)[:-1]
    source, copy = record_file("source", damaged), record_file("copy", damaged)
    with pytest.raises(DataError) as caught:
        verify_records([copy], [source.path])
    assert caught.value.where.startswith(source.path)


def test_verify_records_raises_when_only_tensorflow_cannot_read(
    record_file: Callable[..., RecordFile],
) -> None:
    padded = gzip.compress(framed(RECORDS)) + bytes(512)  # which Python's gzip tolerates
    with pytest.raises(DataError, match="TensorFlow cannot read the records"):
        verify_records([record_file("a", padded)])
