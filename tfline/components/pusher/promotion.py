"""Which version is live: labels that move, and the way back. No TensorFlow here."""

from __future__ import annotations

from pathlib import Path

from tfline.components.artifacts.versions import Version, add_version, list_versions
from tfline.serving.labels import CANARY, STABLE, Labels, read_labels, write_labels
from tfline.transforms.errors import PushError


def promote(folder: Path, model: str, number: int, label: str = STABLE) -> Labels:
    """Gives a label to a version.

    The versions that had labels before stay loaded until the next promotion, so that a server has
    an answer for every label while it loads, and the way back is short.

    Args:
        folder: The push folder.
        model: The name of the model.
        number: The version.
        label: ``stable`` or ``canary``; a canary that becomes stable is no canary any more.

    Returns:
        The labels as they are now.

    Raises:
        PushError: There is no such version, no version is stable yet, or the labels cannot be
            written.
    """
    there = [version.number for version in list_versions(folder)]
    if number not in there:
        raise PushError(
            f"There is no version {number}",
            str(folder),
            f"There are: {', '.join(map(str, there)) or 'none'}.",
        )
    before = read_labels(folder, model).versions
    versions = {**before, label: number}
    if STABLE not in versions:
        raise PushError(
            "No version is stable yet, and a canary alone would take every request",
            str(folder),
            "First promote the version that is to serve beside it: --version N --label stable.",
        )
    if label == STABLE and versions.get(CANARY) == number:
        del versions[CANARY]
    loaded = {*before.values(), *versions.values()} & set(there)
    labels = Labels(versions, tuple(sorted(loaded)))
    write_labels(folder, model, labels)
    return labels


def roll_back(
    folder: Path, model: str, keep: int, to: int | None = None
) -> tuple[Version, Version, Version]:
    """Pushes an earlier version again, under a new number: numbers only grow.

    If there are labels, the new version becomes stable.

    Args:
        folder: The push folder.
        model: The name of the model.
        keep: How many versions stay.
        to: The version to go back to; None: the one before the version that is live.

    Returns:
        The version that was live, the earlier one, and the new one, which is the same as that.

    Raises:
        PushError: There is no such version, the stable one is gone, or the folder cannot be
            written.
    """
    labels = read_labels(folder, model)
    versions = {version.number: version for version in list_versions(folder)}
    live = labels.versions.get(STABLE, max(versions, default=0))
    number = max((n for n in versions if n < live), default=None) if to is None else to
    if labels.versions and live not in versions:
        raise PushError(
            f"The stable version {live} is not in the folder",
            str(folder),
            "Make another one stable: `tfline promote SPEC --version N`. "
            f"There are: {', '.join(map(str, versions)) or 'none'}.",
        )
    if live not in versions or number not in versions or number == live:
        raise PushError(
            "There is no version to go back to" if to is None else f"Version {to} is none to go to",
            str(folder),
            f"Live: {live or 'none'}. There are: {', '.join(map(str, versions)) or 'none'}.",
        )
    was, earlier = versions[live], versions[number]
    added = add_version(folder, earlier.path, keep, protected={*labels.loaded, live})
    if labels.versions:
        promote(folder, model, added.number)
    return was, earlier, added
