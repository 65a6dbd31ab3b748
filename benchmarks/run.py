"""`make bench`: tfline, stock TFX and a bare Keras script on Fashion-MNIST, in one run.

    python -m benchmarks.run [--from FOLDER] [--large] [--without-stock]

The three do the same work: one epoch of the 14,590-parameter CNN in batches of 128 on 60,000
images, metrics on 10,000 overall and by label, an export. Times are of whole processes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Measured, measure
from tfline.components.example_gen.tfrecord import read_records, write_records
from tfline.pipelines.datasets import fashion

REPEATS = 10
"""How many times the real images are repeated for the large run."""

TFLINE = str(Path(sys.executable).parent / "tfline")


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", type=Path, help="folder of the four idx .gz files")
    parser.add_argument("--large", action="store_true", help="also 600,000 + 100,000 images")
    parser.add_argument("--without-stock", action="store_true", help="leave stock TFX out")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        fashion.write(work / "data/fashion", arguments.source)
        compare(console, work, stock=not arguments.without_stock)
        if arguments.large:
            grow(console, work, stock=not arguments.without_stock)


def compare(console: Console, work: Path, *, stock: bool) -> None:
    """Prints the comparison on 70,000 images."""
    data = work / "data/fashion"
    bare = measure(
        [sys.executable, "-m", "benchmarks.bare_keras", f"{data}/train*", f"{data}/eval*",
         f"{work}/bare"], work,
    )  # fmt: skip
    first = measure(run_command(), work)
    again = measure(run_command(), work)
    rows = {"bare Keras script": bare, "tfline run": first, "tfline run, unchanged": again}
    if stock:
        rows["stock TFX"] = measure_stock(work, data)
    rows["tfline check"] = measure([TFLINE, "check", "fashion"], work)
    rows["tfline --help"] = measure([TFLINE, "--help"], work)
    table = Table("process", "seconds", "x bare", "peak GiB", title="Fashion-MNIST, 70,000 images")
    for name, row in rows.items():
        ratio = f"{row.seconds / bare.seconds:.2f}"
        table.add_row(name, f"{row.seconds:.1f}", ratio, f"{row.peak_gib:.2f}")
    console.print(table)
    ours, theirs = steps_per_second(work), bare.figures["steps_per_s"]
    console.print(
        f"training: tfline {ours:.0f} steps/s, bare {theirs:.0f} steps/s, ratio {ours / theirs:.2f}"
    )


def grow(console: Console, work: Path, *, stock: bool) -> None:
    """Prints what ten times the data takes, with the same number of training steps."""
    small, data = work / "data/fashion", work / "large/data/fashion"
    data.mkdir(parents=True)
    for split in ("train", "eval"):
        [source] = small.glob(f"{split}*")
        write_records(data / source.name, repeated(source))
    rows = {"tfline run": measure(run_command(steps=469), work / "large")}
    if stock:
        rows["stock TFX"] = measure_stock(work / "large", data)
    table = Table("process", "seconds", "peak GiB", title="700,000 images, the same 469 steps")
    for name, row in rows.items():
        table.add_row(name, f"{row.seconds:.1f}", f"{row.peak_gib:.2f}")
    console.print(table)


def run_command(steps: int | None = None) -> list[str]:
    """Returns the command line of tfline's run; whatever the model reaches is pushed."""
    length = f"train.steps={steps}" if steps else "train.epochs=1"
    overrides = (length, "train.batch_size=128", "evaluate.require={accuracy: 0.1}")
    sets = [word for override in overrides for word in ("--set", override)]
    return [TFLINE, "run", "fashion", *sets]


def measure_stock(work: Path, data: Path) -> Measured:
    """Runs the stock pipeline in a folder of its own."""
    folder = work / "stock"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    command = [sys.executable, "-m", "benchmarks.stock_tfx", str(data), str(folder), "469"]
    return measure(command, work)


def steps_per_second(work: Path) -> float:
    """Returns the training speed of the last run, as its Trainer noted it."""
    reports = sorted(work.glob(".tfline/fashion/artifacts/Trainer/model_run/*/training.json"))
    report = json.loads(reports[-1].read_text())
    return float(report["steps"] / report["seconds"])


def repeated(source: Path) -> Iterator[bytes]:
    """Yields the records of a file again and again."""
    for _ in range(REPEATS):
        yield from read_records(source)


if __name__ == "__main__":
    main()
