"""The versions that a server knows: what requests hold, and what is told of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Container, Iterator

from tfline.serving.server.servable import Servable
from tfline.serving.server.status import StatusError, not_found
from tfline.serving.server.version import State, Version

_REMEMBERED = 1000  # versions of a model that ended, and models that are gone


class Registry:
    """The versions of all models. What begins with an underscore is used while `_changed` is held.

    Its public methods are for any thread, and take the same time however many versions there were.
    """

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, Version]] = {}
        self._newest: dict[str, Version] = {}  # the highest available version of each model
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def hold(self, name: str, number: int | None = None) -> Iterator[Servable]:
        """Gives a version to a request; it stays loaded for as long.

        Args:
            name: The model.
            number: The version; None: the highest available one.

        Raises:
            StatusError: NOT_FOUND if there is no such version, or it is not available.
        """
        with self._changed:
            version, servable = self._find(name, number)
            version.holders += 1
        try:
            yield servable
        finally:
            with self._changed:
                version.holders -= 1
                if not version.holders and version.state is State.UNLOADING:
                    self._changed.notify_all()

    def is_available(self, name: str, number: int) -> bool:
        """Returns whether version `number` of model `name` can be used."""
        with self._changed:
            version = self._versions.get(name, {}).get(number)
            return version is not None and version.state is State.AVAILABLE

    def statuses(self, name: str) -> list[tuple[int, State, StatusError | None]]:
        """Returns number, state and load error of all versions ever seen, newest first."""
        with self._changed:
            versions = self._versions.get(name, {})
            return [
                (n, versions[n].state, versions[n].error) for n in sorted(versions, reverse=True)
            ]

    def _find(self, name: str, number: int | None) -> tuple[Version, Servable]:
        if number is None:
            version = self._newest.get(name)
        else:
            version = self._versions.get(name, {}).get(number)
        if version and version.servable and version.state is State.AVAILABLE:
            return version, version.servable
        wanted = f"Latest({name})" if number is None else f"Specific({name}, {number})"
        raise not_found(f"Servable not found for request: {wanted}")

    def _enter(self, version: Version, state: State) -> None:
        """Puts a version into a state."""
        version.state = state
        versions = self._versions.get(version.name, {}).values()
        available = [v for v in versions if v.state is State.AVAILABLE]
        if available:
            self._newest[version.name] = max(available, key=lambda v: v.number)
        else:
            self._newest.pop(version.name, None)
        self._changed.notify_all()

    def _available(self, name: str) -> bool:
        return name in self._newest

    def _settled(self, name: str) -> bool:
        """Returns whether waiting for `name` is over: it is available, or all attempts failed."""
        versions = [v for v in self._versions.get(name, {}).values() if v.aspired]
        failed = bool(versions) and all(v.state is State.END and v.error for v in versions)
        return self._available(name) or failed

    def _is_loading(self, name: str, number: int) -> bool:
        version = self._versions.get(name, {}).get(number)
        states = (State.START, State.LOADING)
        return version is not None and version.state in states and not version.failures

    def _load_errors(self, name: str) -> list[str]:
        return [
            f"{{name: {name} version: {version.number}}} due to error: {version.error}"
            for version in self._versions.get(name, {}).values()
            if version.aspired and version.error
        ]

    def _forget(self, models: Container[str]) -> None:
        """Forgets the versions that ended long ago, and the models that are gone."""
        for versions in self._versions.values():
            ended = [n for n, v in versions.items() if v.state is State.END and not v.aspired]
            for number in sorted(ended)[:-_REMEMBERED]:
                del versions[number]
        gone = [name for name in self._versions if name not in models]
        for name in gone[:-_REMEMBERED]:
            if all(v.state is State.END for v in self._versions[name].values()):
                del self._versions[name]
