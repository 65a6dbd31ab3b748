"""`tfline data`: catalog data sets, conversion to TFRecords, a look into a TFRecord file.

Example:
    tfline data taxi
    tfline data convert trips.csv data/trips.tfrecord
    tfline data convert load.csv data/load.tfrecord --window 72 --target power --steps 24 --time at
    tfline data convert staff.csv data/staff.tfrecord --missing NA --dates hired=%d.%m.%Y
    tfline data convert novel.txt data/novel.tfrecord --pieces 101 --overlap 1
    tfline data show data/taxi/eval-00000-of-00001.tfrecord -n 2
    tfline data show data/taxi/train-00000-of-00002.tfrecord --stats
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfline.pipelines.datasets.columns import TableOptions
    from tfline.pipelines.datasets.pieces import Pieces
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
    _add_convert(actions.add_parser("convert", help="CSV, Parquet, images or texts to TFRecords"))
    show = actions.add_parser("show", help="print records of a TFRecord file")
    show.add_argument("file", type=Path)
    show.add_argument("-n", dest="count", type=int, default=5, help="how many (default: 5)")
    show.add_argument(
        "--stats", action="store_true", help="print what each feature of all records holds instead"
    )
    show.set_defaults(act=_show)


def _add_convert(convert: argparse.ArgumentParser) -> None:
    """Adds the arguments of `tfline data convert`."""
    convert.add_argument("inputs", nargs="+", type=Path, metavar="INPUT")
    convert.add_argument("output", type=Path, metavar="OUTPUT.tfrecord")
    table = convert.add_argument_group("tables", "how cells are read; spaces around them go")
    table.add_argument(
        "--types",
        metavar="COLUMN=TYPE",
        action="append",
        default=[],
        help="type of a column where it is not to be inferred: int, float or string",
    )
    table.add_argument(
        "--missing",
        metavar="TEXT",
        action="append",
        default=[],
        help="a cell that stands for a missing value, such as NA, beside an empty one",
    )
    table.add_argument(
        "--dates",
        metavar="COLUMN[=FORMAT]",
        action="append",
        default=[],
        help="a column of dates, which become ISO 8601; FORMAT as in %%d.%%m.%%Y %%H:%%M",
    )
    table.add_argument("--delimiter", metavar="CHARACTER", help="between cells (default: found)")
    table.add_argument("--decimal", choices=[".", ","], default=".", help="mark of numbers")
    table.add_argument(
        "--no-header", action="store_true", help="no line of names: column_1, column_2, ..."
    )
    series = convert.add_argument_group("time series", "cut the rows into windows to forecast from")
    series.add_argument("--window", type=int, metavar="ROWS", help="how many rows a record has")
    series.add_argument("--target", metavar="COLUMN", help="what is forecast: COLUMN_ahead")
    series.add_argument("--horizon", type=int, default=1, metavar="ROWS", help="how far ahead")
    series.add_argument("--steps", type=int, default=1, metavar="ROWS", help="how many of them")
    series.add_argument("--stride", type=int, default=1, metavar="ROWS", help="between windows")
    series.add_argument(
        "--time", metavar="COLUMN", help="when a row is, for window_start and window_end"
    )
    series.add_argument("--series", metavar="COLUMN", help="which of several series a row is of")
    series.add_argument(
        "--known",
        metavar="COLUMN",
        action="append",
        default=[],
        help="a column whose future is known, such as holidays or prices: COLUMN_future holds its "
        "values in the rows that are forecast",
    )
    series.add_argument(
        "--unknown-future",
        action="store_true",
        help="the windows at the end, whose targets are not known yet: to predict",
    )
    texts = convert.add_argument_group("texts", "cut long texts into pieces, a record each")
    texts.add_argument(
        "--pieces", type=int, metavar="N", help="how many characters or words a record has"
    )
    texts.add_argument("--by", choices=["character", "word"], help="what N counts")
    texts.add_argument(
        "--overlap", type=int, metavar="N", help="with how many of the last a piece begins"
    )
    texts.add_argument(
        "--text", metavar="COLUMN", help="of a table; left out, each input is a text file"
    )
    texts.add_argument(
        "--document", metavar="COLUMN", help="which document a row is of (default: its own)"
    )
    convert.set_defaults(act=_convert)


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

    conversion = convert(
        arguments.inputs,
        arguments.output,
        options=_table_options(arguments),
        windows=_windows(arguments),
        pieces=_pieces(arguments),
    )
    print(f"{arguments.output}: {conversion.records:,} records")
    for line in conversion.lines():
        print(line)


def _table_options(arguments: argparse.Namespace) -> TableOptions:
    from tfline.pipelines.datasets.columns import TableOptions
    from tfline.transforms.errors import SpecError

    types = {}
    for pair in arguments.types:
        column, equals, kind = pair.partition("=")
        if not equals:
            raise SpecError("A type reads COLUMN=TYPE", f"--types {pair}")
        types[column] = kind
    delimiter = {"\\t": "\t", "tab": "\t"}.get(arguments.delimiter, arguments.delimiter)
    if delimiter is not None and len(delimiter) != 1:
        raise SpecError("A delimiter is one character", f"--delimiter {arguments.delimiter}")
    dates = (text.partition("=") for text in arguments.dates)
    return TableOptions(
        types=types,
        delimiter=delimiter,
        header=not arguments.no_header,
        missing=tuple(text.strip() for text in arguments.missing),
        dates={column: form for column, _, form in dates},
        decimal=arguments.decimal,
    )


def _windows(arguments: argparse.Namespace) -> Windows | None:
    from tfline.pipelines.datasets.windows import Windows
    from tfline.transforms.errors import SpecError

    if (arguments.window is None) != (arguments.target is None):
        raise SpecError("`--window` and `--target` belong together")
    if arguments.window is None:
        return None
    return Windows(
        arguments.window,
        arguments.target,
        arguments.horizon,
        arguments.steps,
        arguments.stride,
        time=arguments.time,
        series=arguments.series,
        future="unknown" if arguments.unknown_future else "known",
        known=tuple(arguments.known),
    )


def _pieces(arguments: argparse.Namespace) -> Pieces | None:
    from tfline.pipelines.datasets.pieces import Pieces
    from tfline.transforms.errors import SpecError

    names = ("by", "overlap", "text", "document")
    given = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.pieces is None:
        if given:
            raise SpecError(f"`--{min(given)}` is for a text that is cut: `--pieces N`")
        return None
    if arguments.window is not None:
        raise SpecError("Expected either `--window`, of a series, or `--pieces`, of a text")
    return Pieces(arguments.pieces, **given)


def _show(arguments: argparse.Namespace) -> None:
    from tfline.pipelines.datasets.show import show, show_statistics

    lines = (
        show_statistics(arguments.file)
        if arguments.stats
        else show(arguments.file, arguments.count)
    )
    for line in lines:
        print(line)
