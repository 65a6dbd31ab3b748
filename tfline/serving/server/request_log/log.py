"""Which requests of which model are written where: TensorFlow Serving's ``logging_config``.

config {
name: "taxi" base_path: "/models/taxi" model_platform: "tensorflow"
logging_config {
log_collector_config { filename_prefix: "/var/log/models/taxi" }
sampling_config { sampling_rate: 0.1 }
}
}
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import Message

from tfline.serving.server.flags import Flags
from tfline.serving.server.model_config import ModelConfig
from tfline.serving.server.request_log.files import LogOptions
from tfline.serving.server.request_log.record import Entry, Kind
from tfline.serving.server.request_log.writer import Count, LogWriter
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, invalid_argument

_COLLECTORS = ("", "file")
_CLOSE_SECONDS = 5.0


_DEFAULTS = LogOptions()


def _count_nothing(model: str, code: Code, requests: int) -> None:
    """Is told what became of requests, and keeps nothing of it."""


@dataclass(frozen=True)
class Sink:
    """Where the requests of a model go.

    Attributes:
        prefix: The folder, and what the names of the files begin with.
        rate: The share of the requests that is written.
    """

    prefix: str
    rate: float


class RequestLog:
    """The logs of all models.

    Args:
        options: How the files are kept.
        count: Is told what was written, and what was dropped.
        folder: Where to write requests to of models that say nothing of it; empty: nowhere.
        rate: The share of those requests.
    """

    def __init__(
        self,
        options: LogOptions = _DEFAULTS,
        count: Count = _count_nothing,
        folder: str = "",
        rate: float = 1.0,
    ) -> None:
        self._options = options
        self._count = count
        self._folder = folder
        self._rate = _checked_rate("--request_log_sampling_rate", rate)
        self._changing = threading.Lock()
        self._writers: dict[str, LogWriter] = {}
        self._sinks: Mapping[str, tuple[Sink, LogWriter]] = {}

    def sinks(self, models: Mapping[str, ModelConfig]) -> dict[str, Sink]:
        """Returns where the requests of each model go; of those whose requests go nowhere, none.

        Raises:
            StatusError: INVALID_ARGUMENT if a ``logging_config`` is wrong.
        """
        found = {}
        for name, model in models.items():
            sink = _sink(model) if model.HasField("logging_config") else self._default(name)
            if sink is not None and sink.rate > 0:
                found[name] = sink
        return found

    def follow(self, models: Mapping[str, ModelConfig]) -> None:
        """Begins to write what these models say, and ends what they do not say any more.

        Raises:
            StatusError: INVALID_ARGUMENT if a ``logging_config`` is wrong; nothing is changed.
        """
        sinks = self.sinks(models)
        with self._changing:
            prefixes = {sink.prefix for sink in sinks.values()}
            for prefix in prefixes - self._writers.keys():
                self._writers[prefix] = LogWriter(prefix, self._options, self._count)
            unused = [self._writers.pop(prefix) for prefix in self._writers.keys() - prefixes]
            self._sinks = {name: (sink, self._writers[sink.prefix]) for name, sink in sinks.items()}
        for writer in unused:
            writer.close(_CLOSE_SECONDS)

    def write(
        self,
        kind: Kind,
        servable: Servable,
        request: Message,
        response: Message,
        serialized: bytes = b"",
    ) -> None:
        """Has a request and its answer written, if the model and chance want it.

        Args:
            kind: Which method was called.
            servable: The version that answered.
            request: What was asked.
            response: What was answered.
            serialized: The request as it came, if it came so.
        """
        found = self._sinks.get(servable.name)
        if found is None:
            return
        sink, writer = found
        if sink.rate < 1 and random.random() >= sink.rate:  # noqa: S311 - no secret
            return
        writer.offer(
            Entry(
                kind,
                servable.name,
                servable.version,
                _signature(request),
                time.time(),
                sink.rate,
                serialized or request.SerializeToString(),
                response.SerializeToString(),
            )
        )

    @property
    def is_on(self) -> bool:
        """Whether requests of any model are written."""
        return bool(self._sinks)

    def has(self, model: str) -> bool:
        """Tells whether requests of a model are written."""
        return model in self._sinks

    def close(self) -> None:
        """Writes what waits, and completes all files."""
        self.follow({})

    def _default(self, model: str) -> Sink | None:
        if not self._folder:
            return None
        return Sink(str(Path(self._folder) / model.replace("/", "_")), self._rate)


def request_log(flags: Flags, count: Count) -> RequestLog:
    """Returns the request log that the command line asks for.

    Raises:
        StatusError: INVALID_ARGUMENT if the sampling rate is none, or the folder is relative.
    """
    options = LogOptions(
        max_file_mb=flags.request_log_max_file_mb,
        max_file_seconds=flags.request_log_max_file_seconds,
        max_total_mb=flags.request_log_max_total_mb,
        max_queue_mb=flags.request_log_max_queue_mb,
    )
    folder = flags.request_log_folder
    if folder and not os.path.isabs(folder):
        raise invalid_argument(f"--request_log_folder is to be absolute; got {folder}")
    return RequestLog(options, count, folder, flags.request_log_sampling_rate)


def _sink(model: ModelConfig) -> Sink:
    config = model.logging_config
    kind = config.log_collector_config.type
    prefix = config.log_collector_config.filename_prefix
    if kind not in _COLLECTORS:
        raise invalid_argument(f"Cannot find LogCollector::Factory for type: {kind}")
    if not os.path.isabs(prefix) or not os.path.basename(prefix):
        raise invalid_argument(
            f"Expected logging_config of model {model.name} to have an absolute filename_prefix, "
            f"a folder and the beginning of a name; got filename_prefix()={prefix}"
        )
    rate = config.sampling_config.sampling_rate
    return Sink(prefix, _checked_rate(f"sampling_rate of model {model.name}", rate))


def _checked_rate(name: str, rate: float) -> float:
    if not 0 <= rate <= 1:
        raise invalid_argument(f"Expected {name} to be 0 to 1; got {rate:g}")
    return rate


def _signature(request: Message) -> str:
    spec = getattr(request, "model_spec", None)
    return str(spec.signature_name) if spec is not None else ""
