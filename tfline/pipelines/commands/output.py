"""What a command makes goes to standard output, or into a file that it names with its next step."""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.transforms.errors import SpecError, WorkFolderError


def add_output(parser: argparse.ArgumentParser) -> None:
    """Adds --output."""
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a file (default: standard output)"
    )


def print_or_write(text: str, output: Path | None, next_step: str, spec: str) -> None:
    """Prints a text, or writes it and prints what comes next.

    Args:
        text: What the command has made.
        output: The file; None: standard output.
        next_step: The command that takes the file, with ``{file}`` in its place.
        spec: The file or the name of the spec that it is made from, which is not written over.

    Raises:
        SpecError: The file is the spec.
        WorkFolderError: The file cannot be written.
    """
    if output is None:
        print(text, end="")
        return
    if output.exists() and Path(spec).exists() and output.samefile(spec):
        raise SpecError(
            "The output would replace the spec that it is made from",
            str(output),
            f"Name another file: `-o {output.with_suffix('')}.compiled{output.suffix}`.",
        )
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise WorkFolderError(f"The file cannot be written: {exc.strerror}", str(output)) from exc
    print(f"{output}: {next_step.format(file=output)}")
