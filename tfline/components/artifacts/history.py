"""Which versions of a push folder have been live, and which were taken back. No TensorFlow here.

The folder itself tells what is live now: the version labelled ``stable``, else the newest. What
was live before, and what was rolled back, is in ``.push/history.json`` beside the versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydantic

from tfline.components.artifacts.versions import Version, list_versions, read_threshold
from tfline.serving.files import replace_text
from tfline.serving.labels import STABLE, read_labels
from tfline.transforms.errors import PushError
from tfline.transforms.features import FrozenModel

OWN = ".push"
"""The folder in a push folder that keeps what only tfline reads; model servers pass it over."""

_FILE = "history.json"


class Withdrawn(FrozenModel):
    """A version that was rolled back: an unchanged run does not push its model again.

    Attributes:
        number: Its number.
        training_fingerprint: Of its model; empty for a model that is not tfline's.
        threshold: What it decides by.
    """

    number: int
    training_fingerprint: str
    threshold: float

    def is_model(self, training_fingerprint: str, threshold: float) -> bool:
        """Tells whether a model is the one that was rolled back."""
        own = (self.training_fingerprint, self.threshold)
        return bool(training_fingerprint) and own == (training_fingerprint, threshold)


class History(FrozenModel):
    """What happened in a push folder.

    Attributes:
        format: Version of the file.
        live: The versions that were live, in order, without those that were taken back. The last
            one was live when this was written.
        withdrawn: What was taken back.
    """

    format: int = 1
    live: tuple[int, ...] = pydantic.Field(default=(), strict=False)
    withdrawn: tuple[Withdrawn, ...] = pydantic.Field(default=(), strict=False)

    def without(self, training_fingerprint: str, threshold: float) -> History:
        """Returns the history after a model that was taken back is wanted again."""
        left = [w for w in self.withdrawn if not w.is_model(training_fingerprint, threshold)]
        return self.model_copy(update={"withdrawn": tuple(left)})


def read_history(folder: Path) -> History:
    """Returns the history of a push folder; an empty one if nothing has happened there yet.

    Raises:
        PushError: It cannot be read.
    """
    path = folder / OWN / _FILE
    try:
        return History.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return History()
    except (OSError, UnicodeDecodeError, pydantic.ValidationError) as exc:
        raise PushError(
            f"The history of the push folder cannot be read: {exc}",
            str(path),
            "Remove the file: what is live is in the folder itself; what was before is forgotten.",
        ) from exc


def write_history(folder: Path, history: History) -> None:
    """Writes the history of a push folder; the caller holds its lock."""
    (folder / OWN).mkdir(exist_ok=True)
    replace_text(folder / OWN / _FILE, history.model_dump_json(indent=1) + "\n")


def live_order(folder: Path, model: str) -> list[int]:
    """Returns the numbers of the versions that were live, in order; the last one is live.

    It may be gone, if a label is on it. Empty if there has been no version.

    Raises:
        PushError: The labels or the history cannot be read.
    """
    history, labels = read_history(folder), read_labels(folder, model).versions
    there = [version.number for version in list_versions(folder)]
    order = list(history.live)
    if not labels and history == History():
        return there  # pushed before there was a history
    live = labels.get(STABLE, there[-1] if there else 0)
    if live and order[-1:] != [live]:
        order.append(live)
    return order


def live_versions(folder: Path, model: str) -> list[Version]:
    """Returns the versions that were live and are still there, in order; see `live_order`."""
    there = {version.number: version for version in list_versions(folder)}
    return [there[number] for number in live_order(folder, model) if number in there]


def find_baseline(folder: Path, model: str, training_fingerprint: str) -> Version | None:
    """Returns what a candidate has to be compared with: the model that is live.

    A candidate that is live already is no baseline of itself: an evaluation that is repeated, or
    taken up again after the push, is the same evaluation. What was live before it is.

    Args:
        folder: The push folder.
        model: The name of the model.
        training_fingerprint: The candidate's.
    """
    for version in reversed(live_versions(folder, model)):
        if version.training_fingerprint != training_fingerprint:
            return version
    return None


def find_withdrawn(folder: Path, training_fingerprint: str, threshold: float) -> Withdrawn | None:
    """Returns the version with a model that was rolled back; None if it was not."""
    for withdrawn in reversed(read_history(folder).withdrawn):
        if withdrawn.is_model(training_fingerprint, threshold):
            return withdrawn
    return None


def needs_no_push(folder: Path, model: str, training_fingerprint: str) -> bool:
    """Tells whether a push would change nothing.

    The model is live, or was rolled back, or is there and waits for its label.

    Args:
        folder: The push folder.
        model: The name of the model.
        training_fingerprint: Of what would be pushed.
    """
    withdrawn = read_history(folder).withdrawn
    if any(taken.training_fingerprint == training_fingerprint for taken in withdrawn):
        return True
    versions = live_versions(folder, model)[-1:]
    if read_labels(folder, model).versions:
        versions = list_versions(folder)
    return any(version.training_fingerprint == training_fingerprint for version in versions)


def withdraw(versions: Sequence[Version]) -> tuple[Withdrawn, ...]:
    """Returns what is kept of versions that are taken back."""
    return tuple(
        Withdrawn(
            number=version.number,
            training_fingerprint=version.training_fingerprint,
            threshold=read_threshold(version.path),
        )
        for version in versions
    )
