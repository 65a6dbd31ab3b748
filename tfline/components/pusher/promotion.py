"""Which version is live: labels that move, and the way back. No TensorFlow here."""

from __future__ import annotations

from tfline.components.artifacts.history import (
    History,
    live_order,
    live_versions,
    read_history,
    withdraw,
    write_history,
)
from tfline.components.artifacts.versions import Version, list_versions, read_threshold
from tfline.components.pusher.folder import PushFolder, flush_tree
from tfline.serving.labels import (
    CANARY,
    STABLE,
    Labels,
    names_other_folder,
    read_labels,
    write_labels,
)
from tfline.transforms.errors import PushError


def promote(push: PushFolder, number: int, label: str = STABLE) -> Labels:
    """Gives a label to a version.

    The versions that had labels before stay loaded until the next promotion, so that a server has
    an answer for every label while it loads, and the way back is short.

    Args:
        push: The push folder.
        number: The version.
        label: ``stable`` or ``canary``; a canary that becomes stable is no canary any more.

    Returns:
        The labels as they are now.

    Raises:
        PushError: There is no such version, no version is stable yet, or the labels cannot be
            written.
    """
    _find(push, number)
    with push.locked():
        return _promote(push, _find(push, number), label)


def roll_back(push: PushFolder, to: int | None = None) -> tuple[Version, Version, Version]:
    """Pushes an earlier version again, under a new number: numbers only grow.

    If there are labels, the new version becomes stable. What is taken back so is not pushed again
    by an unchanged run; to go back to it, or to promote it, ends that.

    Args:
        push: The push folder.
        to: The version to go back to; None: the one that was live before. A version that never
            was, such as a canary, is none to go back to unless it is named.

    Returns:
        The version that was live, the earlier one, and the new one, which is the same as that.

    Raises:
        PushError: There is no such version, the stable one is gone, the folder cannot be written,
            or another version has become live meanwhile.
    """
    was, earlier = _way_back(push, to)
    with push.staged(earlier.path) as staged:
        flush_tree(staged)
        with push.locked():
            if _way_back(push, to) != (was, earlier):
                raise PushError(
                    "Another version has become live meanwhile",
                    str(push.path),
                    "Look at what is live now, and try again.",
                )
            history = _taken_back(push, earlier)
            added = push.add(staged, protected={was.number})
            after = history.model_copy(update={"live": (*history.live, added.number)})
            write_history(push.path, after)
            if read_labels(push.path, push.model).versions:
                write_labels(push.path, push.model, _with_label(push, added, STABLE))
    return was, earlier, added


def stay_where_it_is(push: PushFolder) -> bool:
    """Writes where the versions are into ``models.config``, if the folder has been moved.

    Returns:
        Whether it had been.

    Raises:
        PushError: The labels cannot be read or written.
    """
    if not names_other_folder(push.path, push.model):
        return False
    with push.locked():
        write_labels(push.path, push.model, read_labels(push.path, push.model))
    return True


def _find(push: PushFolder, number: int) -> Version:
    versions = {version.number: version for version in list_versions(push.path)}
    if number not in versions:
        raise PushError(f"There is no version {number}", str(push.path), _there_are(push))
    return versions[number]


def _promote(push: PushFolder, version: Version, label: str) -> Labels:
    """Gives a label to a version; the caller holds the lock."""
    labels = _with_label(push, version, label)
    order = live_order(push.path, push.model)
    if label == STABLE and order[-1:] != [version.number]:
        order.append(version.number)
    history = read_history(push.path).model_copy(update={"live": tuple(order)})
    history = history.without(version.training_fingerprint, read_threshold(version.path))
    write_history(push.path, history)
    write_labels(push.path, push.model, labels)
    return labels


def _with_label(push: PushFolder, version: Version, label: str) -> Labels:
    """Returns the labels once a version has another one; those before stay loaded."""
    there = {version.number for version in list_versions(push.path)}
    before = read_labels(push.path, push.model).versions
    versions = {**before, label: version.number}
    if STABLE not in versions:
        raise PushError(
            "No version is stable yet, and a canary alone would take every request",
            str(push.path),
            "First promote the version that is to serve beside it: --version N --label stable.",
        )
    if label == STABLE and versions.get(CANARY) == version.number:
        del versions[CANARY]
    return Labels(versions, tuple(sorted({*before.values(), *versions.values()} & there)))


def _way_back(push: PushFolder, to: int | None) -> tuple[Version, Version]:
    """Returns the version that is live, and the one to go back to."""
    labels = read_labels(push.path, push.model).versions
    order = live_order(push.path, push.model)
    live = {version.number: version for version in live_versions(push.path, push.model)}
    if order and order[-1] not in live:
        raise PushError(
            f"The stable version {order[-1]} is not in the folder",
            str(push.path),
            f"Make another one stable: `tfline promote SPEC --version N`. {_there_are(push)}",
        )
    now = order[-1] if order else None
    if to is None:
        others = [n for n in order if n in live and n not in {now, labels.get(CANARY)}]
        earlier = live[others[-1]] if others else None
    else:
        found = {version.number: version for version in list_versions(push.path)}
        earlier = found.get(to) if to != now else None
    if now is None or earlier is None:
        raise PushError(
            "There is no version to go back to: none was live before"
            if to is None
            else f"Version {to} is none to go to",
            str(push.path),
            f"Live: {now or 'none'}. {_there_are(push)}",
        )
    return live[now], earlier


def _taken_back(push: PushFolder, earlier: Version) -> History:
    """Returns the history once all that was live after a version is taken back."""
    versions = live_versions(push.path, push.model)
    numbers = [version.number for version in versions]
    history = read_history(push.path)
    if earlier.number in numbers:
        at = len(numbers) - 1 - numbers[::-1].index(earlier.number)
        known = {withdrawn.number for withdrawn in history.withdrawn}
        after = [version for version in versions[at + 1 :] if version.number not in known]
        withdrawn = (*history.withdrawn, *withdraw(after))
        gone = {taken.number for taken in withdrawn}
        left = tuple(number for number in numbers[:at] if number not in gone)
        history = History(live=left, withdrawn=withdrawn)
    else:
        history = history.model_copy(update={"live": tuple(numbers)})
    return history.without(earlier.training_fingerprint, read_threshold(earlier.path))


def _there_are(push: PushFolder) -> str:
    numbers = [str(version.number) for version in list_versions(push.path)]
    return f"There are: {', '.join(numbers) or 'none'}."
