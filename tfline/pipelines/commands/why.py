"""`tfline why`: what has changed since a component last ran.

Example:
    tfline why Trainer taxi
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, add_work, read_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the component, SPEC, --set and --work."""
    parser.add_argument("component", metavar="COMPONENT", help="for example Trainer")
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints the parts that differ, of the component and of those before it."""
    print(read_pipeline(arguments).why(arguments.component))
    return 0
