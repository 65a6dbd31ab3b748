"""The life of model versions: found, loaded, served, unloaded.

A version goes through the states of TensorFlow Serving: START, LOADING (through all retries),
AVAILABLE, UNLOADING, END. The policy preserves availability: a new version loads before the old
one goes, and one that fails to load never displaces one that works.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tfline.serving.protos import get_model_status_pb2
from tfline.serving.server.model_config import ModelConfig
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError, not_found
from tfline.serving.server.versions import aspired_versions

logger = logging.getLogger(__name__)

Loader = Callable[[str, int, Path], Servable]
"""Loads a version of a model from a folder."""

_STEP_SECONDS = 0.1
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


@dataclass(frozen=True, kw_only=True)
class ManagerOptions:
    """How versions are looked for and loaded.

    Attributes:
        poll_seconds: Time between two looks at the base paths; 0: one look, negative: never.
        load_retries: Attempts after the first failed one.
        retry_seconds: Time between two attempts.
        load_threads: Versions that are loaded at a time; 0: one.
        unload_threads: Versions that are unloaded at a time; 0: one.
        initial_load_threads: Versions that are loaded at a time when the server starts.
    """

    poll_seconds: float = 1
    load_retries: int = 5
    retry_seconds: float = 60
    load_threads: int = 0
    unload_threads: int = 0
    initial_load_threads: int = 4


class Manager:
    """Keeps the loaded versions in line with the base paths.

    Args:
        load: Loads one version.
        options: How versions are looked for and loaded.
    """

    def __init__(self, load: Loader, options: ManagerOptions) -> None:
        self._load = load
        self._options = options
        self._models: Mapping[str, ModelConfig] = {}
        self._looked_for: Mapping[str, ModelConfig] = self._models
        self._versions: dict[str, dict[int, Version]] = {}
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._poll_at = 0.0
        self._initial_loaders = ThreadPoolExecutor(options.initial_load_threads, "initial-load")
        self._loaders = ThreadPoolExecutor(max(1, options.load_threads), "load")
        self._unloaders = ThreadPoolExecutor(max(1, options.unload_threads), "unload")
        self._started = False
        self._thread = threading.Thread(target=self._control, name="manager", daemon=True)
        self._thread.start()

    def set_models(self, models: Mapping[str, ModelConfig]) -> None:
        """Replaces the set of models; those that are gone will be unloaded."""
        with self._changed:
            self._models = dict(models)
            for name, versions in self._versions.items():
                if name not in models:
                    _aspire(versions, name, {})
            self._poll_at = 0.0
            self._changed.notify_all()

    def wait_until_available(self, names: set[str]) -> list[str]:
        """Blocks until each of `names` has an available version, or until the manager stops.

        Returns:
            The load errors of the models that have none because all that were tried failed.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping.is_set() or all(self._settled(name) for name in names)
            )
            self._started = True
            failed = [name for name in sorted(names) if not self._available(name)]
            return [error for name in failed for error in self._load_errors(name)]

    def wait_until_settled(self, wanted: Collection[tuple[str, int]]) -> None:
        """Blocks while versions are being loaded: until each is available, has failed, or is none.

        A version whose first attempt has failed is not waited for, whatever retries follow.

        Args:
            wanted: Models and their versions.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._stopping.is_set()
                    or (
                        self._looked_for is self._models
                        and not any(self._is_loading(*version) for version in wanted)
                    )
                )
            )

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

    def stop(self) -> None:
        """Unloads everything that no request holds, and ends the threads."""
        with self._changed:
            self._stopping.set()
            for name, versions in self._versions.items():
                _aspire(versions, name, {})
            self._changed.notify_all()
        self._thread.join()
        for executor in (self._initial_loaders, self._loaders, self._unloaders):
            executor.shutdown(cancel_futures=True)
        for versions in self._versions.values():
            for version in versions.values():
                if version.servable and not version.holders:
                    version.servable.runner.close()

    def _find(self, name: str, number: int | None) -> tuple[Version, Servable]:
        versions = self._versions.get(name, {})
        candidates = sorted(versions, reverse=True) if number is None else [number]
        for candidate in candidates:
            version = versions.get(candidate)
            if version and version.servable and version.state is State.AVAILABLE:
                return version, version.servable
        wanted = f"Latest({name})" if number is None else f"Specific({name}, {number})"
        raise not_found(f"Servable not found for request: {wanted}")

    def _available(self, name: str) -> bool:
        versions = self._versions.get(name, {})
        return any(version.state is State.AVAILABLE for version in versions.values())

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

    def _control(self) -> None:
        """Looks at the base paths and takes the next action of each model, until stopped."""
        while not self._stopping.is_set():
            if time.monotonic() >= self._poll_at:
                self._poll()
            with self._changed:
                for versions in self._versions.values():
                    self._act(versions)
                self._changed.wait(_STEP_SECONDS)

    def _poll(self) -> None:
        """Looks once at all base paths."""
        with self._changed:
            models = self._models
            seconds = self._options.poll_seconds
            if seconds < 0 or not models:
                self._poll_at = float("inf")
                self._looked_for = models
                self._changed.notify_all()
                return
            self._poll_at = time.monotonic() + seconds if seconds else float("inf")
        for name, model in models.items():
            try:
                found = aspired_versions(model)
            except OSError as error:
                logger.error(
                    "Could not find base path %s of model %s: %s", model.base_path, name, error
                )
                continue
            if not found:
                logger.warning("No versions of model %s found under %s", name, model.base_path)
            with self._changed:
                if self._models.get(name) is model and not self._stopping.is_set():
                    _aspire(self._versions.setdefault(name, {}), name, found)
        with self._changed:
            self._looked_for = models
            self._changed.notify_all()

    def _act(self, versions: Mapping[int, Version]) -> None:
        """Takes at most one action for a model: unload one version, or load one."""
        aspired = [version for version in versions.values() if version.aspired]
        surplus = sorted(
            (v for v in versions.values() if not v.aspired and v.state is State.AVAILABLE),
            key=lambda version: version.number,
        )
        ready = any(version.state is State.AVAILABLE for version in aspired)
        if surplus and (not aspired or ready or len(surplus) > 1):
            surplus[0].state = State.UNLOADING
            self._unloaders.submit(self._unload_version, surplus[0])
            return
        waiting = [version for version in aspired if version.state is State.START]
        if waiting:
            newest = max(waiting, key=lambda version: version.number)
            newest.state = State.LOADING
            loaders = self._loaders if self._started else self._initial_loaders
            loaders.submit(self._load_version, newest)

    def _load_version(self, version: Version) -> None:
        """Loads a version, with retries, and makes it available."""
        label = f"{version.name} version {version.number}"
        servable, error = None, None
        for attempt in range(max(0, self._options.load_retries) + 1):
            if attempt and version.dropped.wait(max(0.0, self._options.retry_seconds)):
                break
            try:
                servable, error = self._load(version.name, version.number, version.folder), None
                break
            except StatusError as failure:
                error = failure
                logger.error("Loading %s failed (attempt %d): %s", label, attempt + 1, failure)
            except Exception as failure:
                error = StatusError(Code.INTERNAL, str(failure))
                logger.exception("Loading %s failed (attempt %d)", label, attempt + 1)
            with self._changed:
                version.failures += 1
                self._changed.notify_all()
        with self._changed:
            version.servable, version.error = servable, error
            version.state = State.AVAILABLE if servable else State.END
            self._changed.notify_all()
        if servable:
            logger.info("Successfully loaded %s", label)

    def _unload_version(self, version: Version) -> None:
        """Frees a version once no request holds it."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping.is_set() or not version.holders)
            if version.holders:
                return
            servable, version.servable = version.servable, None
        if servable:
            servable.runner.close()
        with self._changed:
            version.state = State.END
            self._changed.notify_all()
        logger.info("Unloaded %s version %d", version.name, version.number)


def _aspire(versions: dict[int, Version], name: str, found: Mapping[int, Path]) -> None:
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
