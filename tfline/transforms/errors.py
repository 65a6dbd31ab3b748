"""The errors of a pipeline: one small tree, readable by the person who has to act on them.

    TflineError
    ├── SpecError         the spec, an override or a command-line argument
    │   └── FeatureError  a raw feature is not in the data as the spec takes it
    ├── DataError         files and records: missing, empty, truncated, corrupt, unsplittable
    ├── AnomalyError      well-formed data that the schema or the spec does not allow
    ├── ModelError        a model that cannot be built, trained or exported from these features
    ├── PushError         the destination of a model
    ├── WorkFolderError   the work folder: locked, read-only, full
    ├── OwnCodeError      the user's own code raised an error, in a file and line of the user's
    └── InternalError     anything else that went wrong inside tfline or what it builds on

Each says what happened and why in its first line, where (file, record, feature, line), and what
to do. They live in the lowest package, so that every other one may raise them, and they pickle,
because Beam carries exceptions between processes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class TflineError(Exception):
    """An error that the user can act on.

    Args:
        message: What happened and why, in one line.
        where: The file, record, feature or line that is concerned; empty if there is none.
        hint: What to do about it; empty if the message says it all.

    Attributes:
        component: The component of a run that raised it; empty outside a run.
        log: The log of that run, which has the whole traceback; None outside a run.
    """

    exit_code = 2
    component: str = ""
    log: Path | None = None

    def __init__(self, message: str, where: str = "", hint: str = "") -> None:
        super().__init__(message, where, hint)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  to do: {self.hint}")
        return "\n".join(lines)


class SpecError(TflineError):
    """The spec, an override or a command-line argument is wrong."""


class FeatureError(SpecError):
    """A raw feature is not in the data as the spec takes it.

    Args:
        message: As for every error.
        where: Likewise.
        hint: Likewise.
        feature: The raw feature's name, by which the line of the spec that names it is found.
    """

    def __init__(self, message: str, where: str = "", hint: str = "", feature: str = "") -> None:
        super().__init__(message, where, hint)
        self.feature = feature


class DataError(TflineError):
    """A file or a record cannot be used."""


class AnomalyError(TflineError):
    """Well-formed data that the schema or the spec does not allow."""


class ModelError(TflineError):
    """A model cannot be built, trained or exported from these features."""


class PushError(TflineError):
    """A model cannot be brought to its destination."""


class WorkFolderError(TflineError):
    """The work folder cannot be used."""


class OwnCodeError(TflineError):
    """The user's own code raised an error; the message begins with its file and line."""


class InternalError(TflineError):
    """Something went wrong inside tfline, or inside what it builds on."""

    exit_code = 1


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a hint that names the nearest known name, and the known names.

    Args:
        name: The name that was not found.
        known: The names that exist.

    Returns:
        For example ``"Did you mean 'z_score'? Known: bucketize, one_hot, z_score."``.
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    guess = f"Did you mean '{close[0]}'? " if close else ""
    return f"{guess}Known: {', '.join(names) or 'none'}."
