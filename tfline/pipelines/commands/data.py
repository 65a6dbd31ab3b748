"""`tfline data`: catalog data sets, conversion to TFRecords, a look into a TFRecord file.

Example:
    tfline data taxi
    tfline data convert trips.csv data/trips.tfrecord
    tfline data convert load.csv data/load.tfrecord --window 72 --target power --steps 24
    tfline data show data/taxi/eval-00000-of-00001.tfrecord -n 2
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfline.pipelines.datasets.windows import Windows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the data sets of the catalog, `convert` and `show`."""
    from tfline.pipelines.datasets import DATASETS

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, write in DATASETS.items():
        action = actions.add_parser(name, help=f"write the {name} data set as TFRecords")
        action.add_argument("--to", type=Path, help=f"folder (default: data/{name})")
        action.add_argument(
            "--from", dest="source", type=Path, help="file or folder of the originals"
        )
        action.set_defaults(act=_write, write=write, name=name)
    convert = actions.add_parser("convert", help="CSV, Parquet or a folder of images to TFRecords")
    convert.add_argument("inputs", nargs="+", type=Path, metavar="INPUT")
    convert.add_argument("output", type=Path, metavar="OUTPUT.tfrecord")
    convert.add_argument(
        "--types",
        metavar="COLUMN=TYPE",
        action="append",
        default=[],
        help="type of a column where it is not to be inferred: int, float or string",
    )
    series = convert.add_argument_group("time series", "cut the rows into windows to forecast from")
    series.add_argument("--window", type=int, metavar="ROWS", help="how many rows a record has")
    series.add_argument("--target", metavar="COLUMN", help="what is forecast: COLUMN_ahead")
    series.add_argument("--horizon", type=int, default=1, metavar="ROWS", help="how far ahead")
    series.add_argument("--steps", type=int, default=1, metavar="ROWS", help="how many of them")
    series.add_argument("--stride", type=int, default=1, metavar="ROWS", help="between windows")
    convert.set_defaults(act=_convert)
    show = actions.add_parser("show", help="print records of a TFRecord file")
    show.add_argument("file", type=Path)
    show.add_argument("-n", dest="count", type=int, default=5, help="how many (default: 5)")
    show.set_defaults(act=_show)


def run(arguments: argparse.Namespace) -> int:
    """Does what the action says."""
    arguments.act(arguments)
    return 0


def _write(arguments: argparse.Namespace) -> None:
    folder = arguments.to or Path("data") / arguments.name
    counts = arguments.write(folder, arguments.source)
    print(f"{folder}: {', '.join(f'{count:,} {split}' for split, count in counts.items())} records")


def _convert(arguments: argparse.Namespace) -> None:
    from tfline.pipelines.datasets.convert import convert
    from tfline.transforms.errors import SpecError

    types = {}
    for pair in arguments.types:
        column, equals, kind = pair.partition("=")
        if not equals:
            raise SpecError("A type reads COLUMN=TYPE", f"--types {pair}")
        types[column] = kind
    windows = _windows(arguments)
    count = convert(arguments.inputs, arguments.output, types=types, windows=windows)
    print(f"{arguments.output}: {count:,} records")


def _windows(arguments: argparse.Namespace) -> Windows | None:
    from tfline.pipelines.datasets.windows import Windows
    from tfline.transforms.errors import SpecError

    if (arguments.window is None) != (arguments.target is None):
        raise SpecError("`--window` and `--target` belong together")
    if arguments.window is None:
        return None
    return Windows(
        arguments.window, arguments.target, arguments.horizon, arguments.steps, arguments.stride
    )


def _show(arguments: argparse.Namespace) -> None:
    from tfline.pipelines.datasets.show import show

    for line in show(arguments.file, arguments.count):
        print(line)
