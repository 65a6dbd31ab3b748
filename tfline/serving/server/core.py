"""What requests are answered from: the models, their versions and their labels."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager

from tfline.serving.protos import model_pb2
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.manager import Manager, Wait
from tfline.serving.server.model_config import PLATFORM, ModelConfig, ModelServerConfig, check
from tfline.serving.server.request_log.log import RequestLog
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError, failed_precondition, invalid_argument

logger = logging.getLogger(__name__)


class ServerCore:
    """The models of a server, and the ways to look one up.

    Args:
        manager: Loads and unloads the versions.
        log: Where requests are written to; None: where the models say.
        free_labels: Whether a new label may be given to a version that is not available.
    """

    def __init__(
        self, manager: Manager, log: RequestLog | None = None, *, free_labels: bool = False
    ) -> None:
        self.manager = manager
        self.log = log or RequestLog()
        self._free_labels = free_labels
        self._models: Mapping[str, ModelConfig] = {}
        self._labels: Mapping[str, Mapping[str, int]] = {}
        self._awaited: set[str] = set()  # new models that no reload has seen available yet
        self._reloading = threading.Lock()

    def reload(self, config: ModelServerConfig, call: Call = ENDLESS) -> None:
        """Replaces the models, and blocks until the new ones are available.

        A label is given once its version is loaded, or cannot be: what is loading is waited for.
        While one reload waits, others need not: a later one takes its place.

        Args:
            config: The models.
            call: Until when to wait; what has been begun goes on.

        Raises:
            StatusError: If the configuration is wrong, a new model cannot be loaded, or a label
                is on a version that is not available; DEADLINE_EXCEEDED, or ABORTED if a later
                configuration has replaced this one.
        """
        if config.WhichOneof("config") is None:
            logger.info("Taking no action for empty config.")
            return
        models = check(config)
        with self._reloading:
            self._check_platforms(models)
            noun = "model(s)" if self._models else "servable(s)"
            self._awaited = (self._awaited & models.keys()) | (models.keys() - self._models.keys())
            awaited = set(self._awaited)
            self.log.follow(models)
            self._models = models
            self.manager.set_models(models)
        wait = Wait(call, lambda: self._models is not models)
        errors = self.manager.wait_until_available(awaited, wait)
        if errors:
            listed = "".join(f"{{{error}}}, " for error in errors)
            raise StatusError(
                Code.UNKNOWN, f"{len(errors)} {noun} did not become available: {{{listed}}}"
            )
        labelled = [(name, n) for name, model in models.items() for n in _labelled(model)]
        self.manager.wait_until_settled(labelled, wait)
        with self._reloading:
            wait.check()
            self._awaited -= awaited
            self._labels = self._checked_labels(models)

    def has_model(self, name: str) -> bool:
        """Returns whether a model of this name is in the configuration."""
        return name in self._models

    def hold(self, spec: model_pb2.ModelSpec) -> AbstractContextManager[Servable]:
        """Returns the version that `spec` asks for, as a context: it stays loaded inside.

        Raises:
            StatusError: INVALID_ARGUMENT if the name is missing or the label unknown; NOT_FOUND,
                on entering the context, if there is no such version.
        """
        if not spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        choice = spec.WhichOneof("version_choice")
        if choice == "version":
            return self.manager.hold(spec.name, spec.version.value)
        if choice == "version_label":
            return self.manager.hold(spec.name, self.labelled(spec.name, spec.version_label))
        return self.manager.hold(spec.name)

    def labelled(self, name: str, label: str) -> int:
        """Returns the version of model `name` that `label` stands for.

        Raises:
            StatusError: INVALID_ARGUMENT if there is no such label.
        """
        version = self._labels.get(name, {}).get(label)
        if version is None:
            raise invalid_argument(f"Unrecognized servable version label: {label}")
        return version

    def _check_platforms(self, models: Mapping[str, ModelConfig]) -> None:
        for name in models.keys() & self._models.keys():
            old, new = (m.model_platform or PLATFORM for m in (self._models[name], models[name]))
            if old != new:
                raise invalid_argument(f"Illegal to change a model's platform. For model {name}")

    def _checked_labels(self, models: Mapping[str, ModelConfig]) -> dict[str, dict[str, int]]:
        labels = {name: dict(model.version_labels) for name, model in models.items()}
        for name, versions in labels.items():
            for label, version in versions.items():
                known = self._labels.get(name, {})
                free = self._free_labels and known.get(label, version) == version
                if not free and not self.manager.is_available(name, version):
                    raise failed_precondition(
                        f"Request to assign label to version {version} of model {name}, "
                        "which is not currently available for inference"
                    )
        return labels


def _labelled(model: ModelConfig) -> Collection[int]:
    versions: Collection[int] = model.version_labels.values()
    return versions
