"""Transform on a million taxi trips: tfline, and stock TFX with an equal preprocessing_fn.

    python -m benchmarks.transform [--rows 1000000] [--without-stock]

Both analyse the train split and write the transformed examples of both splits. The trips are the
real ones with noise on their numbers. Times are of whole processes.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tensorflow_metadata.proto.v0 import schema_pb2

from benchmarks.measure import Measured, measure
from tfline.components.example_gen.example_proto import example_protos
from tfline.components.example_gen.tfrecord import read_records, write_records
from tfline.pipelines.datasets import taxi
from tfline.pipelines.spec import load_spec

NOISE = 0.05
"""The standard deviation of the factor that a number is multiplied with."""


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the train split")
    parser.add_argument("--without-stock", action="store_true", help="leave stock TFX out")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_inputs(work, arguments.rows)
        rows = {"tfline": measure_process("benchmarks.transform_component", work)}
        if not arguments.without_stock:
            rows["stock TFX"] = measure_process("benchmarks.stock_transform", work)
    fastest = rows["tfline"].seconds
    table = Table(
        "Transform", "seconds", "x tfline", "peak GiB", title=f"{arguments.rows:,} taxi trips"
    )
    for name, row in rows.items():
        ratio = f"{row.seconds / fastest:.2f}"
        table.add_row(name, f"{row.seconds:.1f}", ratio, f"{row.peak_gib:.2f}")
    Console().print(table)


def measure_process(module: str, work: Path) -> Measured:
    """Runs a Transform in a process of its own."""
    folder = work / module
    folder.mkdir()
    inputs = [str(work / "examples"), str(work / "schema"), str(folder)]
    return measure([sys.executable, "-m", module, *inputs], folder)


def write_inputs(work: Path, rows: int) -> None:
    """Writes an Examples artifact, train and a tenth of it as eval, and its schema."""
    taxi.write(work / "taxi")
    for split, count in {"train": rows, "eval": rows // 10}.items():
        [source] = (work / "taxi").glob(f"{split}*")
        target = work / "examples" / f"Split-{split}" / "data_tfrecord-00000-of-00001"
        target.parent.mkdir(parents=True)
        write_records(target, itertools.islice(noisy(source), count))
    spec = load_spec("taxi")
    schema = schema_pb2.Schema()
    kinds = {
        "int64_list": schema_pb2.INT,
        "float_list": schema_pb2.FLOAT,
        "bytes_list": schema_pb2.BYTES,
    }
    found = {}
    for record in read_records(source):
        for key, value in example_protos().Example.FromString(record).features.feature.items():
            found[key] = kinds[value.WhichOneof("kind")]
    for key in (spec.label.key, *(key for feature in spec.features for key in feature.keys)):
        schema.feature.add(name=key, type=found[key])
    (work / "schema").mkdir()
    (work / "schema" / "schema.pbtxt").write_text(str(schema))


def noisy(source: Path) -> Iterator[bytes]:
    """Yields the records of a file again and again, their floats a little different each time."""
    parse = example_protos().Example.FromString
    examples = [parse(record) for record in read_records(source)]
    rng = random.Random(1)
    for example in itertools.cycle(examples):
        changed = type(example)()
        changed.CopyFrom(example)
        for feature in changed.features.feature.values():
            for index, value in enumerate(feature.float_list.value):
                feature.float_list.value[index] = value * rng.gauss(1, NOISE)
        yield changed.SerializeToString()


if __name__ == "__main__":
    main()
