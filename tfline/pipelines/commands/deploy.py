"""`tfline deploy`: prints what deploys TensorFlow Serving on the pushed model.

Example:
    tfline deploy taxi --target kubernetes
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.pipelines.commands.arguments import add_spec, read_spec

_NEXT = {
    "compose": "docker compose -f {file} up",
    "kubernetes": "kubectl apply -f {file}",
    "kserve": "kubectl apply -f {file}",
}
"""How each target is used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, the target and the file."""
    add_spec(parser)
    parser.add_argument("--target", choices=sorted(_NEXT), required=True, help="where to deploy to")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a file (default: standard output)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints or writes the manifest; says how it is used."""
    from tfline.pipelines.run.pushed import served_model
    from tfline.serving.deploy.manifest import manifest
    from tfline.transforms.errors import WorkFolderError

    text = manifest(arguments.target, served_model(read_spec(arguments)))
    if arguments.output is None:
        print(text, end="")
        return 0
    try:
        arguments.output.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise WorkFolderError(
            f"The manifest cannot be written: {exc.strerror}", str(arguments.output)
        ) from exc
    print(f"{arguments.output}: {_NEXT[arguments.target].format(file=arguments.output)}")
    return 0
