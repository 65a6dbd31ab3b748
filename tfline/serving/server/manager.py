"""The life of model versions: found, loaded, served, unloaded.

A version goes through the states of TensorFlow Serving: START, LOADING (through all retries),
AVAILABLE, UNLOADING, END. The policy preserves availability: a new version loads before the old
one goes, and one that fails to load never displaces one that works.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.model_config import ModelConfig
from tfline.serving.server.registry import Registry
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.version import State, Version, aspire
from tfline.serving.server.versions import aspired_versions

logger = logging.getLogger(__name__)

Loader = Callable[[str, int, Path], Servable]
"""Loads a version of a model from a folder."""

_STEP_SECONDS = 0.1


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


@dataclass(frozen=True)
class Wait:
    """How long somebody waits for versions.

    Attributes:
        call: Until when.
        superseded: Whether something else has taken the place of what is waited for.
    """

    call: Call = ENDLESS
    superseded: Callable[[], bool] = lambda: False

    def check(self) -> None:
        """Raises if waiting is of no use any more.

        Raises:
            StatusError: ABORTED, DEADLINE_EXCEEDED or CANCELLED.
        """
        if self.superseded():
            raise StatusError(Code.ABORTED, "A later configuration has replaced this one")
        self.call.check()


_FOR_EVER = Wait()


class Manager(Registry):
    """Keeps the loaded versions in line with the base paths.

    Args:
        load: Loads one version.
        options: How versions are looked for and loaded.
    """

    def __init__(self, load: Loader, options: ManagerOptions) -> None:
        super().__init__()
        self._load = load
        self._options = options
        self._models: Mapping[str, ModelConfig] = {}
        self._looked_for: Mapping[str, ModelConfig] = self._models
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
                    aspire(versions, name, {})
            self._poll_at = 0.0
            self._changed.notify_all()

    def wait_until_available(self, names: Collection[str], wait: Wait = _FOR_EVER) -> list[str]:
        """Blocks until each of `names` has an available version, or until the manager stops.

        Returns:
            The load errors of the models that have none because all that were tried failed.

        Raises:
            StatusError: If `wait` ends before.
        """
        self._wait(lambda: all(self._settled(name) for name in names), wait)
        with self._changed:
            self._started = True
            failed = [name for name in sorted(names) if not self._available(name)]
            return [error for name in failed for error in self._load_errors(name)]

    def wait_until_settled(
        self, wanted: Collection[tuple[str, int]], wait: Wait = _FOR_EVER
    ) -> None:
        """Blocks while versions are being loaded: until each is available, has failed, or is none.

        A version whose first attempt has failed is not waited for, whatever retries follow.

        Args:
            wanted: Models and their versions.
            wait: For how long.

        Raises:
            StatusError: If `wait` ends before.
        """
        self._wait(
            lambda: (
                self._looked_for is self._models
                and not any(self._is_loading(*version) for version in wanted)
            ),
            wait,
        )

    def _wait(self, done: Callable[[], bool], wait: Wait) -> None:
        """Blocks until `done`, or until the manager stops."""
        with self._changed:
            while not self._stopping.is_set() and not done():
                wait.check()
                left = wait.call.seconds_left()
                self._changed.wait(_STEP_SECONDS if left is None else min(_STEP_SECONDS, left))

    def stop(self, seconds: float = 5.0) -> None:
        """Unloads everything that no request holds, and ends the threads.

        Args:
            seconds: How long that may take; what is not done by then is left.
        """
        end = time.monotonic() + seconds
        with self._changed:
            self._stopping.set()
            for name, versions in self._versions.items():
                aspire(versions, name, {})
            self._changed.notify_all()
        self._thread.join(seconds)
        for executor in (self._initial_loaders, self._loaders):
            executor.shutdown(wait=False, cancel_futures=True)
        with self._changed:
            idle = [
                version
                for versions in self._versions.values()
                for version in versions.values()
                if version.servable and not version.holders
            ]
            closing = [self._unloaders.submit(self._close, version) for version in idle]
        futures.wait(closing, max(0.0, end - time.monotonic()))
        self._unloaders.shutdown(wait=False, cancel_futures=True)

    def _close(self, version: Version) -> None:
        with self._changed:
            servable, version.servable = version.servable, None
        if servable:
            servable.runner.close()

    def _control(self) -> None:
        """Looks at the base paths and takes the next action of each model, until stopped.

        Whatever goes wrong is logged, and tried again: without this thread nothing is loaded.
        """
        while not self._stopping.is_set():
            try:
                if time.monotonic() >= self._poll_at:
                    self._poll()
                with self._changed:
                    for versions in self._versions.values():
                        self._act(versions)
            except Exception:
                logger.exception("The versions could not be looked after; trying again")
            with self._changed:
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
            except Exception:
                logger.exception("Could not read base path %s of model %s", model.base_path, name)
                continue
            if not found:
                logger.warning("No versions of model %s found under %s", name, model.base_path)
            with self._changed:
                if self._models.get(name) is model and not self._stopping.is_set():
                    aspire(self._versions.setdefault(name, {}), name, found)
        with self._changed:
            self._forget(self._models)
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
            self._enter(surplus[0], State.UNLOADING)
            self._unloaders.submit(self._unload_version, surplus[0])
            return
        waiting = [version for version in aspired if version.state is State.START]
        if waiting:
            newest = max(waiting, key=lambda version: version.number)
            self._enter(newest, State.LOADING)
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
            self._enter(version, State.AVAILABLE if servable else State.END)
        if servable:
            logger.info("Successfully loaded %s", label)

    def _unload_version(self, version: Version) -> None:
        """Frees a version once no request holds it."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping.is_set() or not version.holders)
            if version.holders:
                return
        self._close(version)
        with self._changed:
            self._enter(version, State.END)
        logger.info("Unloaded %s version %d", version.name, version.number)
