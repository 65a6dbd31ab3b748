"""`tfline init`: from a file to a spec that runs as it is. It asks nothing, and says its guesses.

DATA is a CSV or Parquet file, TFRecords, a folder of pictures with a sub-folder for each class, or
a text; what is no TFRecord is converted into `data/NAME.tfrecord`. The spec has 15 lines at most,
and comments that say why: what is predicted, how records are divided, which columns are left out,
and what a model has to reach. With `--budget`, models are compared by cross-validation on the train
split, and the best is kept; Ctrl-C ends the comparison with the best so far.

Example:
    tfline init trips.csv --label tip
    tfline init trips.csv --label tip -o trips.yaml --force --budget 10m
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.pipelines.terminal import say

if TYPE_CHECKING:
    from tfline.pipelines.init.beginning import Beginning


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds DATA, --label, -o, --force and --budget."""
    parser.add_argument(
        "data", metavar="DATA", help="a file, a folder, or a quoted pattern of files"
    )
    parser.add_argument("--label", metavar="COLUMN", help="what to predict (default: guessed)")
    parser.add_argument(
        "-o", "--output", metavar="SPEC", type=Path, help="the spec (default: NAME.yaml)"
    )
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    parser.add_argument(
        "--budget", metavar="TIME", help="compare models for so long: 90s, 10m or 2h"
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the spec, and prints it with what to do next."""
    from tfline.pipelines.init.beginning import begin
    from tfline.pipelines.init.budget import read_budget

    budget = None if arguments.budget is None else read_budget(arguments.budget)
    beginning = begin(
        arguments.data, label=arguments.label, output=arguments.output, force=arguments.force
    )
    if budget is not None:
        from tfline.pipelines.init.search import search

        beginning = search(beginning, budget)
    _show(beginning)
    return 0


def _show(beginning: Beginning) -> None:
    say(beginning.spec.read_text(encoding="utf-8"))
    say(f"written: {beginning.spec}")
    say(f"next: tfline check {beginning.spec}; tfline run {beginning.spec}")
