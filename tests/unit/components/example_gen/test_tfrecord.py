"""TFRecord framing: what is written is read, and every damage is found and located."""

from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.transforms.errors import DataError
from tfline.transforms.framing import frame

RECORDS = [b"first", b"", b"third record"]


def _damaged(path: Path, data: bytes) -> str:
    """Returns the text of the error that reading `data` raises."""
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        list(tfrecord.read_records(path))
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.tfrecord"


@pytest.mark.parametrize("compress", [False, True])
def test_records_survive_writing_and_reading(path: Path, compress: bool) -> None:
    assert tfrecord.write_records(path, RECORDS, compress=compress) == len(RECORDS)
    assert tfrecord.is_gzip(str(path)) == compress
    assert list(tfrecord.read_records(path)) == RECORDS


def test_written_bytes_are_the_same_when_written_again(path: Path) -> None:
    tfrecord.write_records(path, RECORDS, compress=True)
    first = path.read_bytes()
    tfrecord.write_records(path, RECORDS, compress=True)
    assert path.read_bytes() == first


def test_read_finds_every_flipped_byte(path: Path) -> None:
    whole = b"".join(map(frame, RECORDS))
    for position in range(len(whole)):
        flipped = bytearray(whole)
        flipped[position] ^= 0x40
        assert str(path) in _damaged(path, bytes(flipped))


def test_read_finds_every_truncation_inside_a_record(path: Path) -> None:
    whole = b"".join(map(frame, RECORDS))
    ends = {0}
    for record in RECORDS:
        ends.add(max(ends) + len(frame(record)))
    for length in set(range(len(whole))) - ends:
        _damaged(path, whole[:length])


@pytest.mark.parametrize(
    ("position", "what"),
    [
        (21 + 16 + 3, "checksum of the length"),
        (21 + 16 + 14, "checksum of the data"),
        (-1, "checksum of the data"),
    ],
)
def test_error_names_record_and_byte_when_a_checksum_fails(
    path: Path, position: int, what: str
) -> None:
    data = bytearray(b"".join(map(frame, RECORDS)))
    data[position] ^= 1
    text = _damaged(path, bytes(data))
    assert what in text
    assert "record 2, byte 37" in text


def test_error_names_record_and_byte_when_truncated(path: Path) -> None:
    text = _damaged(path, b"".join(map(frame, RECORDS))[:-3])
    assert "truncated" in text
    assert "record 2, byte 37" in text


def test_error_says_empty_when_file_has_no_byte(path: Path) -> None:
    assert "empty (0 bytes)" in _damaged(path, b"")


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"a,b\n1,2\n", "CSV"),
        (b'{"a": 1, "b": 2}\n', "JSON"),
        (b"PAR1" + bytes(100), "Parquet"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "gzip-compressed CSV"),
    ],
)
def test_error_names_the_format_when_file_is_no_tfrecord(
    path: Path, data: bytes, looks: str
) -> None:
    text = _damaged(path, data)
    assert f"looks like {looks}." in text
    assert "tfline data convert" in text


def test_error_stays_open_when_first_header_is_unknown_bytes(path: Path) -> None:
    assert "no TFRecord file, or" in _damaged(path, bytes(range(200, 240)))


@pytest.mark.parametrize("cut", [1, 8, 30])
def test_error_says_gzip_when_compressed_file_is_truncated(path: Path, cut: int) -> None:
    whole = gzip.compress(b"".join(map(frame, RECORDS)))
    assert "gzip data is truncated" in _damaged(path, whole[:-cut])


def test_error_says_gzip_when_compressed_byte_is_flipped(path: Path) -> None:
    data = bytearray(gzip.compress(b"".join(map(frame, RECORDS * 20))))
    data[-6] ^= 1  # in the checksum of the whole
    assert "gzip data" in _damaged(path, bytes(data))


@pytest.mark.parametrize("name", ["missing.tfrecord", "."])
def test_read_raises_data_error_for_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="Cannot read the file"):
        list(tfrecord.read_records(tmp_path / name))


def test_error_pickles(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        list(tfrecord.read_records(path))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
