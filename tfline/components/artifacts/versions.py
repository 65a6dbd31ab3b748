"""Versions of a model in the folder that TF Serving watches.

A version is a sub-folder with a number for a name. What changes them is
`tfline.components.pusher.folder`; whoever reads never sees a part of one. No TensorFlow here.
"""

from __future__ import annotations

import dataclasses
import filecmp
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tfline.transforms import threshold
from tfline.transforms.errors import PushError

METADATA = Path("assets.extra") / "tfline.json"
"""Where the Trainer describes a model inside its SavedModel folder."""

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
"""Where TF Serving looks for requests to run before a version is available."""

CERTIFICATE = Path("assets.extra") / "certificate.json"
"""Where the Pusher says how the version answered before it went live."""

_THRESHOLD = Path(threshold.FILE)

_ADDED = frozenset({WARMUP, CERTIFICATE, _THRESHOLD})


@dataclasses.dataclass(frozen=True)
class Version:
    """One version of a model.

    Attributes:
        number: Its number; the largest is what TF Serving serves.
        path: Its folder.
    """

    number: int
    path: Path

    @property
    def training_fingerprint(self) -> str:
        """Of what the model was trained from; empty for a model that is not tfline's."""
        return str(read_metadata(self.path).get("training_fingerprint", ""))


def read_metadata(model: Path) -> dict[str, Any]:
    """Returns the Trainer's description of the model in a SavedModel folder; empty if none."""
    try:
        content: dict[str, Any] = json.loads((model / METADATA).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def list_versions(folder: Path) -> list[Version]:
    """Returns the versions in a push folder, the oldest first."""
    if not folder.is_dir():
        return []
    found = [
        Version(int(child.name), child)
        for child in folder.iterdir()
        if child.name.isascii() and child.name.isdigit() and child.is_dir()
    ]
    return sorted(found, key=lambda version: version.number)


def find_equal(
    versions: Iterable[Version], model: Path, decides_by: float | None = None
) -> Version | None:
    """Returns the last of some versions that has the files of `model` and the same threshold.

    What the Pusher adds to a version, warm-up requests and certificate, does not count.

    Args:
        versions: Where to look.
        model: The SavedModel folder to look for.
        decides_by: Its threshold; None if it decides by none.
    """
    equal = [
        version
        for version in versions
        if _equal_trees(version.path, model)
        and (decides_by is None or read_threshold(version.path) == decides_by)
    ]
    return equal[-1] if equal else None


def read_threshold(model: Path) -> float:
    """Returns the threshold by which the SavedModel in a folder decides."""
    return threshold.read_threshold(lambda: (model / _THRESHOLD).read_text(encoding="utf-8"))


def set_threshold(model: Path, decides_by: float) -> None:
    """Lets the SavedModel in a folder decide by another threshold.

    Raises:
        PushError: It was exported without one, and the threshold is not the usual one.
    """
    file = model / _THRESHOLD
    if file.is_file():
        file.write_text(threshold.threshold_text(decides_by), encoding="utf-8")
    elif decides_by != threshold.DEFAULT:
        raise PushError(
            f"The model cannot be given the threshold {decides_by:g}: it has none to be set",
            str(model),
            "Train it again with this version of tfline.",
        )


def _equal_trees(left: Path, right: Path) -> bool:
    names = _file_names(left)
    if names != _file_names(right):
        return False
    return all(filecmp.cmp(left / name, right / name, shallow=False) for name in names)


def _file_names(folder: Path) -> set[Path]:
    """Returns the files of a model, without what the Pusher adds to it."""
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} - _ADDED
