"""Records as text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import encode_example, example_protos
from tfline.pipelines.datasets.show import describe_record, show, show_statistics
from tfline.transforms.errors import DataError
from tfline.transforms.framing import frame


def test_show_describes_each_type(tmp_path: Path) -> None:
    record = encode_example(
        {
            "count": [1, 2],
            "fare": [0.1, float("nan")],
            "image": b"\xff\xd8\xff" + bytes(1000),
            "long": "word " * 100,
            "name": "Gr\u00fc\u00dfe",
            "raw": bytes(range(20)),
            "many": list(range(100)),
        }
    )
    tfrecord.write_records(tmp_path / "data", [record])
    assert list(show(tmp_path / "data")) == [
        f"record 0: tf.Example, {len(record):,} bytes",
        "  count: int64[2] 1, 2",
        "  fare: float[2] 0.1, NaN (1 NaN)",
        "  image: bytes[1] JPEG image, 1,003 bytes",
        f"  long: bytes[1] {('word ' * 12)!r}... (500 bytes)",
        "  many: int64[100] 0, 1, 2, 3, 4, 5, 6, 7, ...",
        "  name: bytes[1] 'Gr\u00fc\u00dfe'",
        "  raw: bytes[1] 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f... (20 bytes)",
    ]


def test_show_describes_sequences() -> None:
    sequence = example_protos().SequenceExample()
    sequence.context.feature["id"].int64_list.value.append(7)
    words = sequence.feature_lists.feature_list["words"]
    words.feature.add().bytes_list.value.append(b"a")
    words.feature.add()
    lines = describe_record(sequence.SerializeToString(), 3)
    assert lines[0].startswith("record 3: tf.SequenceExample")
    assert lines[1:] == [
        "  context id: int64[1] 7",
        "  list words: 2 steps [bytes[1] 'a'], [no value]",
    ]


def test_show_describes_bytes_that_are_no_example() -> None:
    assert describe_record(b"hello, I am no proto", 0) == [
        "record 0: not a tf.Example, 20 bytes",
        "  'hello, I am no proto'",
    ]


def test_show_stops_after_count_and_reads_gzip(tmp_path: Path) -> None:
    path = tmp_path / "data"
    tfrecord.write_records(path, [encode_example({"x": n}) for n in range(9)], compress=True)
    headings = [line for line in show(path, 3) if line.startswith("record")]
    assert [heading.split(":")[0] for heading in headings] == ["record 0", "record 1", "record 2"]


def test_show_raises_at_a_damaged_record(tmp_path: Path) -> None:
    path = tmp_path / "data"
    data = bytearray(b"".join(frame(encode_example({"x": n})) for n in range(3)))
    data[-1] ^= 1
    path.write_bytes(data)
    assert len(list(show(path, 2))) == 4
    with pytest.raises(DataError, match="record 2"):
        list(show(path, 3))


def test_data_commands_load_without_tensorflow() -> None:
    program = (
        "import sys\n"
        "from tfline.pipelines.datasets import DATASETS, convert, show\n"
        "sys.exit(bool({'tensorflow', 'numpy', 'pyarrow', 'sklearn'} & set(sys.modules)))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def test_statistics_say_what_each_feature_holds(tmp_path: Path) -> None:
    rows = [
        {"n": 1, "x": [0.5, 1.5], "s": "a"},
        {"n": 3, "x": [float("nan")], "s": "b"},
        {"n": None, "x": [2.5, 0.5], "s": "a"},
        {"n": 1, "x": [0.5, 1.5], "s": "a"},
    ]
    tfrecord.write_records(tmp_path / "data", map(encode_example, rows))
    heading, header, n, s, x, repeated = show_statistics(tmp_path / "data")
    assert heading.endswith("data: 4 records")
    assert header.split()[:4] == ["column", "type", "missing", "distinct"]
    assert n.split() == ["n", "int", "1", "2", "1", "to", "3,", "mean", "1.66667"]
    assert s.split() == ["s", "bytes", "0", "2", "'a'", "(3),", "'b'", "(1)"]
    assert x.split()[:6] == ["x", "float", "1", "3", "1", "to"]
    assert "1 records (25.0%) are equal to an earlier one" in repeated
