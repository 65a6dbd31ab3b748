"""Records as text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import encode_example, example_protos
from tfline.pipelines.datasets.show import describe_record, show
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
            "empty": [],
            "many": list(range(100)),
        }
    )
    tfrecord.write_records(tmp_path / "data", [record])
    assert list(show(tmp_path / "data")) == [
        f"record 0: tf.Example, {len(record):,} bytes",
        "  count: int64[2] 1, 2",
        "  empty: int64[0]",
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
