"""`tfline help`: what there is to say of a name, as on its page of the reference.

Without a name it lists all of them. A name may be a transform, a model, a loss, an optimizer, a
schedule, a metric, a command, a data set, a flag of the server, or a key of the spec.

Example:
    tfline help z_score_steps
    tfline help train.epochs
    tfline help data convert
"""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the name."""
    parser.add_argument("name", nargs="*", metavar="NAME", help="what is to be explained")


def run(arguments: argparse.Namespace) -> int:
    """Prints the entries of that name."""
    from tfline.pipelines.reference.index import find
    from tfline.pipelines.reference.text import show, show_keys, show_names

    if not arguments.name:
        print(show_names())
        return 0
    for number, entry in enumerate(find(" ".join(arguments.name))):
        if number:
            print("\n")
        print(show(entry))
        keys = show_keys(entry.name) if entry.kind == "key" else ""
        if keys:
            print(f"\nKeys\n{keys}")
    return 0
