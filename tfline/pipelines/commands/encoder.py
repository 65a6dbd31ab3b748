"""`tfline encoder`: makes a SavedModel for `text_transfer` of an encoder that a package brings.

The SavedModel takes texts as they are: its tokenizer is inside. A spec names its folder, and the
model that is pushed has it in it. `wordllama` needs the extra of that name.

Example:
    tfline encoder wordllama -o encoders/wordllama
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.pipelines.terminal import say
from tfline.transforms.errors import SpecError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds NAME, -o and --force."""
    from tfline.pipelines.encoders import ENCODERS

    parser.add_argument("name", metavar="NAME", choices=ENCODERS, help=", ".join(ENCODERS))
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", type=Path, help="default: encoders/NAME"
    )
    parser.add_argument("--force", action="store_true", help="write over a folder that is there")


def run(arguments: argparse.Namespace) -> int:
    """Writes the SavedModel, and prints what a spec says of it."""
    from tfline.pipelines.encoders import ENCODERS

    folder = arguments.output or Path("encoders") / arguments.name
    if folder.exists() and not arguments.force:
        raise SpecError(
            "The folder is there already, and nothing is written over",
            str(folder),
            "Give another one with `-o FOLDER`, or `--force`.",
        )
    units = ENCODERS[arguments.name](folder)
    say(f"written: {folder}, vectors of {units} numbers")
    say(f"in a spec: model: {{text_transfer: {{encoder: {folder}}}}}, and `text` for the feature")
    return 0
