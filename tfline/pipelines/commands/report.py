"""`tfline report`: the page of a run, or two runs side by side.

Example:
    tfline report taxi
    tfline report taxi --compare 3 4
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.pipelines.commands.arguments import add_spec, add_work, read_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, which run, and where the page goes."""
    add_spec(parser)
    add_work(parser)
    runs = parser.add_mutually_exclusive_group()
    runs.add_argument(
        "--run", metavar="N", help="its number in `tfline runs`, or its id (default: the last one)"
    )
    runs.add_argument(
        "--compare", nargs=2, metavar=("RUN_A", "RUN_B"), help="show two runs side by side"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the page into this file")
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def run(arguments: argparse.Namespace) -> int:
    """Writes the page, prints its path, and opens it."""
    pipeline = read_pipeline(arguments)
    if arguments.compare:
        before, after = map(pipeline.find_run, arguments.compare)
        page = after.compare(before, arguments.out)
    else:
        page = pipeline.find_run(arguments.run).report(arguments.out)
    print(page)
    if not arguments.no_open:
        page.open()
    return 0
