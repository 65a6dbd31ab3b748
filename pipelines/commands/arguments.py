"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
from pathlib import Path

from pipelines.document import read_document
from pipelines.spec import PipelineSpec, PushSpec, find_spec, load_spec
from pipelines.work_folder import WorkFolder, default_work_folder
from transforms.errors import SpecError


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and --work."""
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
    parser.add_argument(
        "--work", metavar="DIR", type=Path, help="work folder (default: .tfline/NAME)"
    )


def read_spec(arguments: argparse.Namespace) -> PipelineSpec:
    """Returns the spec that SPEC and --set describe."""
    return load_spec(arguments.spec, arguments.overrides)


def read_places(arguments: argparse.Namespace) -> dict[str, str]:
    """Returns where the rules of SPEC and --set were written, by their path in the spec."""
    return read_document(find_spec(arguments.spec), arguments.overrides).places_below("evaluate")


def work_folder(arguments: argparse.Namespace, spec: PipelineSpec) -> WorkFolder:
    """Returns the work folder of the spec's pipeline."""
    return WorkFolder(arguments.work or default_work_folder(spec.name))


def add_target(parser: argparse.ArgumentParser) -> None:
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


def compiled(arguments: argparse.Namespace) -> str:
    """Returns the pipeline of SPEC for Kubeflow Pipelines, as YAML that its backend accepts.

    Raises:
        SpecError: It cannot run there.
    """
    from pipelines.document import read_document
    from pipelines.runners.events import output_to_log
    from pipelines.runners.kubeflow.target import Target, check_target

    spec = read_spec(arguments)
    target = Target(arguments.image, arguments.root, arguments.data_root or arguments.root)
    check_target(spec, target)
    document = read_document(find_spec(arguments.spec), arguments.overrides)
    with output_to_log(Path(os.devnull)):  # TensorFlow's greetings
        from pipelines.runners.kubeflow.acceptance import check_accepted
        from pipelines.runners.kubeflow.compiler import compile_pipeline

        text = compile_pipeline(spec, document, target)
    check_accepted(text, arguments.spec)
    return text


def require_extra() -> None:
    """Refuses a command that needs the SDK of Kubeflow Pipelines if that is not installed.

    Raises:
        SpecError: It is not.
    """
    for package in ("kfp", "kfp-kubernetes"):
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as exc:
            raise SpecError(
                f"The package {package} is not installed",
                hint="Install tfline with its extra: pip install 'tfline[kubeflow]'.",
            ) from exc


def push_of(spec: PipelineSpec) -> PushSpec:
    """Returns where the spec pushes its model.

    Raises:
        SpecError: Nowhere.
    """
    if spec.push is None:
        raise SpecError("The spec pushes its model nowhere", hint="Add `push: FOLDER` to it.")
    return spec.push
