"""`tfline check`: reads a spec and looks at its data; runs nothing.

Example:
    tfline check taxi
    tfline check taxi --set train.epochs=3
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, read_pipeline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC and --set."""
    add_spec(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints what the pipeline would do."""
    print(read_pipeline(arguments).check())
    return 0
