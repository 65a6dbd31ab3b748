"""The work of Pusher: a blessed model is certified, and goes live."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils
from tfx.utils import path_utils

from tfline.components.artifacts.versions import (
    CERTIFICATE,
    Version,
    add_version,
    find_equal,
    set_threshold,
)
from tfline.components.pusher.availability import wait_until_available
from tfline.components.pusher.certificate import read_certificate, write_certificate
from tfline.components.pusher.certify import certify
from tfline.components.pusher.config import Budgets
from tfline.components.pusher.eval_records import first_records
from tfline.components.pusher.warmup import write_warmup
from tfline.serving.labels import read_labels
from tfline.transforms.threshold import PROPERTY

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]

_CERTIFIED_RECORDS, _WARMUP_RECORDS = 100, 4


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
            exec_properties: ``push_folder``, ``model_name``, ``keep``, ``budgets`` as JSON, and
                ``server``, empty if there is none to wait for.

        Raises:
            PushError: The push folder cannot be written; the model answers differently in a
                server, or exceeds a budget; or the running server does not load it.
            DataError: There are no eval records.
        """
        pushed = artifact_utils.get_single_instance(output_dict["pushed_model"])
        blessing = artifact_utils.get_single_instance(input_dict["blessing"])
        blessed = any(
            blessing.get_int_custom_property(name) == 1 for name in ("blessed", "overridden")
        )
        pushed.set_int_custom_property("pushed", int(blessed))
        if not blessed:
            _summary.info("not pushed: the model is not blessed")
            return
        model = Path(
            path_utils.serving_model_path(artifact_utils.get_single_uri(input_dict["model"]))
        )
        folder, name = Path(exec_properties["push_folder"]), str(exec_properties["model_name"])
        decides_by = _threshold(blessing)
        version = find_equal(folder, model, decides_by)
        if version is not None:
            _summary.info("version %d has this model already", version.number)
        else:
            version = _push(folder, model, decides_by, input_dict["examples"], exec_properties)
        _describe(pushed, version)
        server, labels = str(exec_properties["server"]), read_labels(folder, name)
        if server and (not labels.versions or version.number in labels.loaded):
            wait_until_available(server, name, version.number)


def _threshold(blessing: artifact.Artifact) -> float | None:
    """Returns what the model has to decide by; None if it decides by nothing."""
    if not blessing.has_custom_property(PROPERTY):
        return None
    return float(blessing.get_string_custom_property(PROPERTY))


def _push(
    folder: Path,
    model: Path,
    decides_by: float | None,
    examples: list[artifact.Artifact],
    properties: dict[str, Any],
) -> Version:
    """Adds the model as a version, certified."""
    name = str(properties["model_name"])
    labels = read_labels(folder, name)
    version = add_version(
        folder,
        model,
        int(properties["keep"]),
        prepare=functools.partial(
            _prepare,
            name=name,
            decides_by=decides_by,
            records=first_records(examples, _CERTIFIED_RECORDS),
            budgets=Budgets.model_validate_json(properties["budgets"]),
        ),
        protected=labels.loaded,
    )
    certificate = read_certificate(version.path)
    certified = f"; {certificate.summary()}" if certificate else ""
    waiting = "; not served until it is promoted" if labels.versions else ""
    _summary.info("version %d in %s%s%s", version.number, folder, certified, waiting)
    return version


def _prepare(
    version: Path,
    name: str,
    decides_by: float | None,
    records: Sequence[bytes],
    budgets: Budgets,
) -> None:
    """Gives a staged version its threshold, its warm-up requests and its certificate."""
    if decides_by is not None:
        set_threshold(version, decides_by)
    write_warmup(version, name, records[:_WARMUP_RECORDS])
    certificate = certify(version, name, records)
    certificate.check(budgets)
    write_certificate(version, certificate)


def _describe(pushed: artifact.Artifact, version: Version) -> None:
    """Says in the artifact which version it is, and how that was certified."""
    pushed.set_string_custom_property("pushed_destination", str(version.path))
    pushed.set_string_custom_property("pushed_version", str(version.number))
    certificate = version.path / CERTIFICATE
    if certificate.is_file():
        Path(pushed.uri).mkdir(parents=True, exist_ok=True)
        shutil.copy(certificate, pushed.uri)
