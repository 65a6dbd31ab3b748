"""Whether a model has to be pushed: it may be live already, or have been taken back."""

from __future__ import annotations

from pathlib import Path

from tfline.components.artifacts.history import find_withdrawn, live_versions
from tfline.components.artifacts.versions import (
    Version,
    find_equal,
    list_versions,
    read_metadata,
    read_threshold,
)
from tfline.components.pusher.folder import PushFolder
from tfline.serving.labels import read_labels


def why_withdrawn(folder: PushFolder, model: Path, decides_by: float | None) -> str:
    """Returns why a model is not pushed that was rolled back; empty if it was not.

    Args:
        folder: The push folder.
        model: The SavedModel folder.
        decides_by: Its threshold; None if it decides by none.
    """
    fingerprint = str(read_metadata(model).get("training_fingerprint", ""))
    threshold = read_threshold(model) if decides_by is None else decides_by
    withdrawn = find_withdrawn(folder.path, fingerprint, threshold)
    if withdrawn is None:
        return ""
    why = f"version {withdrawn.number} has this model, and was rolled back"
    if withdrawn.number in (version.number for version in list_versions(folder.path)):
        return f"{why}; to go back to it: tfline rollback SPEC --to {withdrawn.number}"
    return f"{why}; it is gone: change what is learned, and from what"


def pushed_already(folder: PushFolder, model: Path, decides_by: float | None) -> Version | None:
    """Returns the version with a model that need not be pushed again; None if there is none.

    Without labels that is the live one alone: an earlier one that is wanted again is pushed again.
    With labels any will do: a label makes it live.
    """
    found = find_equal(live_versions(folder.path, folder.model)[-1:], model, decides_by)
    if found is None and read_labels(folder.path, folder.model).versions:
        return find_equal(list_versions(folder.path), model, decides_by)
    return found


def waiting(folder: PushFolder, version: Version) -> str:
    """Returns the remark that a version waits for its label; empty if it does not."""
    labels = read_labels(folder.path, folder.model).versions
    if not labels or version.number in labels.values():
        return ""
    return "; not served until it is promoted"
