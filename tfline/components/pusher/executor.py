"""The work of Pusher: a blessed model is certified, and goes live."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils
from tfx.utils import path_utils

from tfline.components.artifacts.override import Override, property_name
from tfline.components.artifacts.owner import Owner, check_owner
from tfline.components.artifacts.versions import CERTIFICATE, Version, set_threshold
from tfline.components.pusher.availability import wait_until_available
from tfline.components.pusher.certificate import read_certificate, write_certificate
from tfline.components.pusher.certify import certify
from tfline.components.pusher.config import Budgets
from tfline.components.pusher.eval_records import first_records
from tfline.components.pusher.folder import PushFolder
from tfline.components.pusher.presence import pushed_already, waiting, why_withdrawn
from tfline.components.pusher.warmup import write_warmup
from tfline.serving.labels import read_labels
from tfline.transforms.threshold import PROPERTY

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]

_CERTIFIED_RECORDS, _WARMUP_RECORDS = 100, 4
_BLESSED = ("blessed", "overridden")
"""Properties of a blessing, each of which lets its model go live."""


class PushExecutor(base_executor.BaseExecutor):
    """Pushes a model that is blessed, unless it is the one that is live already.

    A verdict that a person has overridden counts as a blessing.
    """

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Pushes.

        Args:
            input_dict: ``examples``, ``model`` and ``blessing``.
            output_dict: ``pushed_model``; the certificate is in its folder, too.
            exec_properties: ``push_folder``, ``model_name``, ``keep``, ``owner`` and ``budgets``
                as JSON, and ``server``, empty if there is none to wait for.

        Raises:
            PushError: The push folder cannot be written, or is another pipeline's; the model
                answers differently in a server, or exceeds a budget; or the running server does
                not load it.
            DataError: There are no eval records.
        """
        pushed = artifact_utils.get_single_instance(output_dict["pushed_model"])
        blessing = artifact_utils.get_single_instance(input_dict["blessing"])
        pushed.set_int_custom_property("pushed", 0)
        if not any(blessing.get_int_custom_property(name) == 1 for name in _BLESSED):
            _summary.info("not pushed: the model is not blessed")
            return
        folder = PushFolder(
            Path(exec_properties["push_folder"]),
            str(exec_properties["model_name"]),
            int(exec_properties["keep"]),
        )
        owner = Owner.model_validate_json(exec_properties["owner"])
        check_owner(folder.path, owner)
        model = Path(
            path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict["model"]))
        )
        decides_by = _threshold(blessing)
        if why := why_withdrawn(folder, model, decides_by):
            _summary.info("not pushed: %s", why)
            return
        prepare = functools.partial(
            _prepare,
            name=folder.model,
            decides_by=decides_by,
            examples=input_dict["examples"],
            budgets=Budgets.model_validate_json(exec_properties["budgets"]),
            overridden=_overridden(blessing),
        )
        version = _push(folder, model, decides_by, owner, prepare)
        pushed.set_int_custom_property("pushed", 1)
        _describe(pushed, version)
        server, labels = str(exec_properties["server"]), read_labels(folder.path, folder.model)
        if server and (not labels.versions or version.number in labels.loaded):
            wait_until_available(server, folder.model, version.number)


def _push(
    folder: PushFolder,
    model: Path,
    decides_by: float | None,
    owner: Owner,
    prepare: Callable[[Path], None],
) -> Version:
    """Adds a model as a version, unless it is there already; says which."""
    version = pushed_already(folder, model, decides_by)
    if version is not None:
        said = f"version {version.number} has this model already"
    else:
        version = folder.push(model, prepare=prepare, owner=owner)
        certificate = read_certificate(version.path)
        certified = f"; {certificate.summary()}" if certificate else ""
        said = f"version {version.number} in {folder.path}{certified}"
    _summary.info("%s%s", said, waiting(folder, version))
    return version


def _overridden(blessing: artifact.Artifact) -> Override | None:
    """Returns who let the model go live against the verdict; None if it is blessed."""
    if blessing.get_int_custom_property("blessed") == 1:
        return None
    return Override(
        **{
            name: blessing.get_string_custom_property(property_name(name))
            for name in Override.model_fields
        }
    )


def _threshold(blessing: artifact.Artifact) -> float | None:
    """Returns what the model has to decide by; None if it decides by nothing."""
    if not blessing.has_custom_property(PROPERTY):
        return None
    return float(blessing.get_string_custom_property(PROPERTY))


def _prepare(
    version: Path,
    name: str,
    decides_by: float | None,
    examples: list[artifact.Artifact],
    budgets: Budgets,
    overridden: Override | None,
) -> None:
    """Gives a staged version its threshold, its warm-up requests and its certificate."""
    if decides_by is not None:
        set_threshold(version, decides_by)
    records = first_records(examples, _CERTIFIED_RECORDS)
    write_warmup(version, name, records[:_WARMUP_RECORDS])
    certificate = certify(version, name, records)
    certificate.check(budgets)
    write_certificate(version, certificate.model_copy(update={"overridden": overridden}))


def _describe(pushed: artifact.Artifact, version: Version) -> None:
    """Says in the artifact which version it is, and how that was certified."""
    pushed.set_string_custom_property("pushed_destination", str(version.path))
    pushed.set_string_custom_property("pushed_version", str(version.number))
    certificate = version.path / CERTIFICATE
    if certificate.is_file():
        Path(pushed.uri).mkdir(parents=True, exist_ok=True)
        shutil.copy(certificate, pushed.uri)
