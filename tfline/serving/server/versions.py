"""Which versions of a model should be loaded, going by its base path and its policy."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

from tfline.serving.server.model_config import ModelConfig

logger = logging.getLogger(__name__)

_INT64_MAX = 2**63 - 1


def aspired_versions(model: ModelConfig) -> Mapping[int, Path]:
    """Returns the folders of the versions to be loaded, by version.

    A version is a child of the base path whose name is an integer: ``00000123`` is version 123,
    anything else is ignored, and so is a link that leads out of the base path: whoever may write
    there could have the server read any model.

    Raises:
        OSError: If the base path cannot be listed.
    """
    base_path = Path(model.base_path.removeprefix("file://"))
    found: dict[int, Path] = {}
    for folder in sorted(base_path.iterdir()):
        version = _version_number(folder.name)
        if version is None:
            continue
        if not _is_inside(folder, base_path):
            logger.warning(
                "Ignoring %s: the link leads out of the base path, or in a circle", folder
            )
            continue
        found[version] = folder
    return {version: found[version] for version in _chosen(model, found)}


def _is_inside(folder: Path, base_path: Path) -> bool:
    try:
        return folder.resolve().is_relative_to(base_path.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def _version_number(name: str) -> int | None:
    """Returns the version that a folder name stands for, if any."""
    if not re.fullmatch(r"\d+", name, re.ASCII):
        return None
    version = int(name)
    return version if version <= _INT64_MAX else None


def _chosen(model: ModelConfig, found: Mapping[int, Path]) -> list[int]:
    """Returns those of the versions `found` that the policy asks for."""
    policy = model.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    if kind == "all":
        return sorted(found)
    if kind == "specific":
        return sorted(set(policy.specific.versions) & set(found))
    return sorted(found)[-(policy.latest.num_versions or 1) :]
