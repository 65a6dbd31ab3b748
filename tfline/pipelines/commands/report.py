"""`tfline report`: the page of a run, or two runs side by side.

Example:
    tfline report taxi
    tfline report taxi --compare 3 4
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work, read_spec, work_folder

if TYPE_CHECKING:
    from tfline.pipelines.run.records import RunRecord


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
    from tfline.pipelines.report.render import render_comparison, render_run, write_page
    from tfline.pipelines.report.run_files import RunFiles
    from tfline.pipelines.run.records import find_run, list_runs

    spec = read_spec(arguments)
    folder = work_folder(arguments, spec)
    records = list_runs(folder.runs)

    def files(record: RunRecord) -> RunFiles:
        return RunFiles(record, folder.metadata, spec.card)

    if arguments.compare:
        before, after = (find_run(records, name) for name in arguments.compare)
        page = render_comparison(files(before), files(after))
        name = f"{before.id}-{after.id}"
    else:
        record = find_run(records, arguments.run)
        page, name = render_run(files(record)), record.id
    path = (arguments.out or folder.report(name)).resolve()
    write_page(page, path)
    print(path)
    if not arguments.no_open:
        _open(path)
    return 0


def _open(path: Path) -> None:
    """Opens a page in the user's browser, if there is one that does not take the terminal."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if not isinstance(browser, webbrowser.GenericBrowser) or isinstance(
        browser, webbrowser.BackgroundBrowser
    ):
        browser.open(path.as_uri())
