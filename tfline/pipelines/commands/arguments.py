"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.pipelines.run.work_folder import WorkFolder, default_work_folder
from tfline.pipelines.spec import PipelineSpec, PushSpec, load_spec
from tfline.transforms.errors import SpecError

if TYPE_CHECKING:
    from tfline.pipelines.api.pipeline import Pipeline
    from tfline.serving.deploy.served import RequestLog


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC and --set."""
    parser.add_argument(
        "spec", metavar="SPEC", help="a YAML file, or the name of a catalog pipeline"
    )
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="KEY.PATH=VALUE",
        action="append",
        default=[],
        help="override a value of the spec, for example train.epochs=3; may be repeated",
    )


def count(text: str) -> int:
    """Reads an argument that is a number of things."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more. Received: {text}")
    return number


def add_work(parser: argparse.ArgumentParser) -> None:
    """Adds --work, for a command that reads or writes what runs have left."""
    parser.add_argument(
        "--work", metavar="DIR", type=Path, help="work folder (default: .tfline/NAME)"
    )


def add_log(parser: argparse.ArgumentParser) -> None:
    """Adds --log and --sample: where a server writes requests, and how many of them."""
    parser.add_argument(
        "--log",
        type=Path,
        metavar="DIR",
        help="write requests and their answers there, as TFRecords (tfline's own server)",
    )
    parser.add_argument(
        "--sample",
        type=_share,
        metavar="SHARE",
        help="the share of the requests that is written (default: 1)",
    )


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"expected above 0, at most 1. Received: {text}")
    return share


def log_of(arguments: argparse.Namespace) -> RequestLog | None:
    """Returns where requests are to be written; None: nowhere.

    Raises:
        SpecError: There is a --sample without a --log.
    """
    from tfline.serving.deploy.served import RequestLog

    if arguments.log is None:
        if arguments.sample is not None:
            raise SpecError("There is no log to write a sample to", "--sample", "Add --log DIR.")
        return None
    return RequestLog(arguments.log.resolve(), arguments.sample or 1.0)


def read_pipeline(arguments: argparse.Namespace) -> Pipeline:
    """Returns the pipeline that SPEC, --set and --work describe."""
    from tfline.pipelines.api.pipeline import Pipeline

    work = getattr(arguments, "work", None)
    return Pipeline.load(arguments.spec, arguments.overrides, work=work)


def read_spec(arguments: argparse.Namespace) -> PipelineSpec:
    """Returns the spec that SPEC and --set describe."""
    return load_spec(arguments.spec, arguments.overrides)


def work_folder(arguments: argparse.Namespace, spec: PipelineSpec) -> WorkFolder:
    """Returns the work folder of the spec's pipeline."""
    return WorkFolder(arguments.work or default_work_folder(spec.name))


def push_of(spec: PipelineSpec) -> PushSpec:
    """Returns where the spec pushes its model.

    Raises:
        SpecError: Nowhere.
    """
    if spec.push is None:
        raise SpecError("The spec pushes its model nowhere", hint="Add `push: FOLDER` to it.")
    return spec.push
