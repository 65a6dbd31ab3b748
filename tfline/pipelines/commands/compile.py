"""`tfline compile`: writes the pipeline for Kubeflow Pipelines.

Example:
    tfline compile taxi --image registry.example/tfline:0.1.0 --root /mnt/pipeline -o taxi.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tfline.pipelines.commands.arguments import add_spec, read_pipeline
from tfline.pipelines.commands.extra import require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, what says where it runs, and the file."""
    add_spec(parser)
    _add_target(parser)
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="a file (default: standard output)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compiles the pipeline, checks that the backend accepts it, and prints or writes it."""
    from tfline.transforms.errors import WorkFolderError

    require_extra()
    text = read_pipeline(arguments).compile(
        image=arguments.image, root=arguments.root, data_root=arguments.data_root
    )
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


def _add_target(parser: argparse.ArgumentParser) -> None:
    """Adds what says where a compiled pipeline runs."""
    parser.add_argument(
        "--image", metavar="IMAGE:TAG", required=True, help="the container image of every step"
    )
    parser.add_argument(
        "--root",
        metavar="URI",
        required=True,
        help="where artifacts go: gs://, s3://, minio://, or a folder of a mounted volume",
    )
    parser.add_argument(
        "--data-root",
        metavar="URI",
        help="what the spec's patterns are relative to, likewise (default: --root)",
    )
