"""A version of a model, and the states of its life."""

from __future__ import annotations

import enum
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfline.serving.protos import get_model_status_pb2
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import StatusError

_STATES = get_model_status_pb2.ModelVersionStatus


class State(enum.IntEnum):
    """The states of a version, with the numbers of GetModelStatus."""

    START = _STATES.START
    LOADING = _STATES.LOADING
    AVAILABLE = _STATES.AVAILABLE
    UNLOADING = _STATES.UNLOADING
    END = _STATES.END


@dataclass
class Version:
    """A version of a model.

    Attributes:
        name: The model.
        number: The version.
        folder: Where its SavedModel is.
        aspired: Whether it should be loaded.
        state: Where it is in its life.
        error: Why it could not be loaded.
        servable: The loaded model; only while AVAILABLE or UNLOADING.
        holders: The requests that are using it.
        failures: How many attempts to load it have failed.
        dropped: Set when it is no longer aspired: ends the wait for a retry.
    """

    name: str
    number: int
    folder: Path
    aspired: bool = True
    state: State = State.START
    error: StatusError | None = None
    servable: Servable | None = None
    holders: int = 0
    failures: int = 0
    dropped: threading.Event = field(default_factory=threading.Event)


def aspire(versions: dict[int, Version], name: str, found: Mapping[int, Path]) -> None:
    """Makes `found` the versions of a model that should be loaded.

    A version that ended is tried again if it was unloaded, or if it failed and its folder had
    disappeared in the meantime.
    """
    for number, version in versions.items():
        if number not in found:
            version.aspired = False
            version.dropped.set()
            if version.state is State.START:
                version.state = State.END
    for number, folder in found.items():
        known = versions.get(number)
        if known is None or (known.state is State.END and not (known.aspired and known.error)):
            versions[number] = Version(name, number, folder)
        else:
            known.aspired = True
            known.dropped.clear()
