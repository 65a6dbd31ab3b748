"""`tfline compile`: writes the pipeline for Kubeflow Pipelines.

Example:
    tfline compile taxi --image registry.example/tfline:0.1.0 --root /mnt/pipeline -o taxi.yaml
"""

from __future__ import annotations

import argparse
import sys

from tfline.pipelines.commands.arguments import add_spec, read_pipeline
from tfline.pipelines.commands.extra import require_extra
from tfline.pipelines.commands.output import add_output, print_or_write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, what says where it runs, and the file."""
    add_spec(parser)
    _add_target(parser)
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compiles the pipeline, checks that the backend accepts it, and prints or writes it."""
    require_extra()
    pipeline = read_pipeline(arguments)
    text = pipeline.compile(
        image=arguments.image, root=arguments.root, data_root=arguments.data_root
    )
    next_step = "tfline submit {file} --host URL"
    print_or_write(text, arguments.output, next_step, arguments.spec)
    data_root = arguments.data_root or arguments.root
    for patterns in pipeline.spec.data.patterns.values():
        for pattern in filter(lambda pattern: not pattern.startswith("/"), patterns):
            print(f"reads {data_root.rstrip('/')}/{pattern}", file=sys.stderr)
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
