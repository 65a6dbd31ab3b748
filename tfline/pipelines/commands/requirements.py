"""`tfline requirements`: where the lock of the release is, for pip and uv.

It runs before anything that tfline depends on is installed. TensorFlow Extended's own metadata
asks for packages that have no wheel for older systems, so an installer that follows it finds no
solution there; the lock has versions that were run together, and the overrides mend the metadata
for installers that can be told so.

Example:
    tfline requirements
"""

from __future__ import annotations

import argparse

from tfline.pipelines.environment import LOCK, OVERRIDES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --overrides."""
    parser.add_argument(
        "--overrides",
        action="store_true",
        help="print the file for `uv pip install --overrides`, which keeps the versions that you"
        " have where they fit",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the path of the file."""
    print(OVERRIDES if arguments.overrides else LOCK)
    return 0
