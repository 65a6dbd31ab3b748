"""`tfline check`: reads a spec and looks at its data; runs nothing, or all on a few records.

Example:
    tfline check taxi
    tfline check taxi --set train.epochs=3
    tfline check taxi --rehearse 500
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, add_work, count, read_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, and whether the pipeline is rehearsed."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--rehearse",
        type=count,
        nargs="?",
        const=1000,
        metavar="N",
        help="run everything on the first N records of each split (1000), and throw it away: a "
        "mistake in your own model, transform or metric is found before a long training",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints what the pipeline would do."""
    pipeline = read_pipeline(arguments)
    print(pipeline.check())
    if arguments.rehearse is not None:
        pipeline.rehearse(arguments.rehearse)
        print("The rehearsal went through; nothing of it is kept.")
    return 0
