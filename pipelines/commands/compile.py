"""`tfline compile`: writes the pipeline for Kubeflow Pipelines."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.commands.arguments import add_spec, add_target, compiled, require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, what says where it runs, and the file."""
    add_spec(parser)
    add_target(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a file (default: standard output)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compiles the pipeline, checks that the backend accepts it, and prints or writes it."""
    from transforms.errors import WorkFolderError

    require_extra()
    text = compiled(arguments)
    if arguments.output is None:
        print(text, end="")
        return 0
    try:
        arguments.output.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise WorkFolderError(
            f"The pipeline cannot be written: {exc.strerror}", str(arguments.output)
        ) from exc
    print(f"{arguments.output}: tfline submit {arguments.output} --host URL")
    return 0
