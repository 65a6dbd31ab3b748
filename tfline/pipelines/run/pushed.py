"""What a spec has pushed: its folder, its versions, and servers on them."""

from __future__ import annotations

import re
from pathlib import Path

from tfline.components.artifacts.history import live_order
from tfline.components.pusher.certificate import read_certificate
from tfline.components.pusher.folder import PushFolder
from tfline.components.pusher.promotion import stay_where_it_is
from tfline.pipelines.spec import PipelineSpec
from tfline.serving.deploy.served import ServedModel
from tfline.serving.errors import StartError
from tfline.serving.labels import STABLE, Labels, read_labels
from tfline.serving.process import ServerProcess, check_model, start_server
from tfline.transforms.errors import SpecError, did_you_mean


def push_folder(spec: PipelineSpec) -> PushFolder:
    """Returns the folder that a spec pushes to.

    Raises:
        SpecError: It pushes nowhere.
    """
    if spec.push is None:
        raise SpecError("The spec pushes its model nowhere", hint="Add `push: FOLDER` to it.")
    return PushFolder(Path(spec.push.to), spec.name, spec.push.keep)


def served_model(spec: PipelineSpec) -> ServedModel:
    """Returns what a server has to know of the pushed model, wherever its folder is by now.

    Raises:
        SpecError: The spec pushes nowhere.
        PushError: The labels cannot be read, or not be mended after the folder was moved.
    """
    folder = push_folder(spec)
    stay_where_it_is(folder)
    labels = read_labels(folder.path, spec.name)
    return ServedModel(spec.name, folder.path.resolve(), labels, _runtime(folder, labels))


def _runtime(folder: PushFolder, labels: Labels) -> str:
    """Returns the newest TensorFlow that a version to be served was certified with.

    A newer one loads what an older one has written. Empty if no certificate tells.
    """
    served = [*labels.loaded] or live_order(folder.path, folder.model)[-1:]
    certificates = (read_certificate(folder.path / str(number)) for number in served)
    found = [certificate.runtime for certificate in certificates if certificate]
    return max(filter(None, found), key=_numbers, default="")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def check_is_served(model: ServedModel) -> None:
    """Raises if a server would wait for a version for ever.

    Raises:
        StartError: There is no version, or none of those that are to be loaded.
    """
    check_model(model.folder)
    there = _versions(model.folder)
    if model.labels.versions and not there & set(model.labels.loaded):
        raise StartError(
            "None of the versions that have labels is in the folder: "
            f"{', '.join(map(str, model.labels.loaded))}",
            str(model.folder),
            "Make another one stable: `tfline promote SPEC --version N`. "
            f"There are: {', '.join(map(str, sorted(there)))}.",
        )


def asked_version(
    spec: PipelineSpec, version: int | None = None, label: str | None = None
) -> int | None:
    """Returns the version that a request without a server of its own is answered from.

    Args:
        spec: The spec.
        version: The one that is asked for; None: that of the label.
        label: The label that is asked for; None: stable, if there are labels.

    Returns:
        The version; None: the newest.

    Raises:
        SpecError: The spec pushes nowhere.
        StartError: There is no such label.
    """
    folder = push_folder(spec)
    labels = read_labels(folder.path, spec.name).versions
    if version is None and (label is not None or labels):
        name = label or STABLE
        if name not in labels:
            raise StartError(
                f"No version is labelled '{name}'",
                str(folder.path),
                did_you_mean(name, labels)
                if labels
                else "`tfline promote SPEC --version N` labels one.",
            )
        version = labels[name]
    return version


def start_pushed(spec: PipelineSpec, version: int | None = None) -> ServerProcess:
    """Starts a server on one version of the pushed model; None: the newest.

    Raises:
        SpecError: The spec pushes nowhere.
        StartError: There is no such version, or it cannot be loaded.
    """
    return start_server(push_folder(spec).path, spec.name, version=version)


def _versions(folder: Path) -> set[int]:
    return {int(child.name) for child in folder.iterdir() if child.name.isdecimal()}
