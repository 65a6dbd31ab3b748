"""`tfline deploy`: prints what deploys TensorFlow Serving on the pushed model.

Example:
    tfline deploy taxi --target kubernetes
"""

from __future__ import annotations

import argparse
import dataclasses

from tfline.pipelines.commands.arguments import add_log, add_spec, log_of, read_spec
from tfline.pipelines.commands.output import add_output, print_or_write

_NEXT = {
    "compose": "docker compose -f {file} up",
    "kubernetes": "kubectl apply -f {file}",
    "kserve": "kubectl apply -f {file}",
}
"""How each target is used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, the target, the image, the log, the scaling and the file."""
    add_spec(parser)
    parser.add_argument("--target", choices=sorted(_NEXT), required=True, help="where to deploy to")
    parser.add_argument(
        "--image",
        default="",
        help="an image that has tfline, to run its server (default: TensorFlow Serving's, of the "
        "version that the model was certified with)",
    )
    add_log(parser)
    parser.add_argument(
        "--requests-per-second",
        type=float,
        default=0.0,
        metavar="N",
        help="start another server when each answers more (kubernetes, with a metrics adapter)",
    )
    add_output(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints or writes the manifest; says how it is used."""
    from tfline.pipelines.run.pushed import served_model
    from tfline.serving.deploy.manifest import manifest
    from tfline.transforms.errors import SpecError

    model = dataclasses.replace(
        served_model(read_spec(arguments)),
        own_image=arguments.image,
        log=log_of(arguments),
        requests_per_second=arguments.requests_per_second,
    )
    if model.log and not (model.own_image and arguments.target != "kserve"):
        raise SpecError(
            "TensorFlow Serving's image is built without a request log, and KServe has its own",
            "--log",
            "Name an image that has tfline with --image, for Compose or Kubernetes.",
        )
    text = manifest(arguments.target, model)
    print_or_write(text, arguments.output, _NEXT[arguments.target], arguments.spec)
    return 0
