"""Metrics, in Prometheus' text format, with the names and buckets of TensorFlow Serving."""

from __future__ import annotations

import bisect
import contextlib
import contextvars
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.model_config import read_text_proto
from tfline.serving.server.servable import Runner
from tfline.serving.server.settings import MonitoringConfig
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.tensor import Tensor

DEFAULT_PATH = "/monitoring/prometheus/metrics"

_MICROS = 1e6
_BOUNDS = tuple(10 * 1.8**exponent for exponent in range(33))
_PREFIX = ":tensorflow:serving:"
_RUNTIME = "TF1"

_api = contextvars.ContextVar("api", default="")

Labels = tuple[tuple[str, str], ...]


def metrics_path(path: str) -> str | None:
    """Returns the URL path of the metrics; None if the MonitoringConfig at `path` has none.

    Raises:
        StatusError: INVALID_ARGUMENT if the file cannot be parsed.
    """
    if not path:
        return None
    config: Any = read_text_proto(path, MonitoringConfig())
    if not config.prometheus_config.enable:
        return None
    return config.prometheus_config.path or DEFAULT_PATH


class _Histogram:
    """How many values fell into each bucket; the last has no upper bound."""

    def __init__(self) -> None:
        self.counts = [0] * (len(_BOUNDS) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect.bisect_left(_BOUNDS, value)] += 1
        self.total += value


class Metrics:
    """What the server counts and measures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[Labels, int] = {}
        self._logged: dict[Labels, int] = {}
        self._latencies: dict[str, dict[Labels, _Histogram]] = {
            "request_latency": {},
            "runtime_latency": {},
        }

    @contextlib.contextmanager
    def request(self, model: str, api: str, entrypoint: str) -> Iterator[None]:
        """Counts one request, and measures it if it succeeds.

        Args:
            model: The name of the model.
            api: ``Predict``, ``Classify``, ...
            entrypoint: ``GRPC`` or ``REST``.
        """
        token = _api.set(api)
        start = time.perf_counter()
        code = Code.INTERNAL
        try:
            yield
            code = Code.OK
        except StatusError as error:
            code = error.code
            raise
        finally:
            _api.reset(token)
            self._count(model, code)
            if code is Code.OK:
                labels = (("model_name", model), ("API", api), ("entrypoint", entrypoint))
                self._observe("request_latency", labels, time.perf_counter() - start)

    def runtime(self, model: str, seconds: float) -> None:
        """Adds the time that one run of a model took, to the request that is under way."""
        labels = (("model_name", model), ("API", _api.get()), ("runtime", _RUNTIME))
        self._observe("runtime_latency", labels, seconds)

    def logged(self, model: str, code: Code, requests: int) -> None:
        """Counts requests that the request log has written, or dropped.

        Args:
            model: The name of the model.
            code: OK: written; RESOURCE_EXHAUSTED: too much waited; UNAVAILABLE: the disk failed.
            requests: How many.
        """
        labels = (("model_name", model), ("status", code.name))
        with self._lock:
            self._logged[labels] = self._logged.get(labels, 0) + requests

    def text(self) -> str:
        """Returns all metrics in Prometheus' text format."""
        with self._lock:
            lines = list(_counter_lines(f"{_PREFIX}request_count", self._requests))
            if self._logged:
                lines += _counter_lines(f"{_PREFIX}request_log_count", self._logged)
            for name, histograms in self._latencies.items():
                lines.append(f"# TYPE {_PREFIX}{name} histogram")
                for labels, histogram in histograms.items():
                    lines += _histogram_lines(f"{_PREFIX}{name}", _text(labels), histogram)
        return "\n".join([*lines, ""])

    def _count(self, model: str, code: Code) -> None:
        labels = (("model_name", model), ("status", code.name))
        with self._lock:
            self._requests[labels] = self._requests.get(labels, 0) + 1

    def _observe(self, name: str, labels: Labels, seconds: float) -> None:
        with self._lock:
            histogram = self._latencies[name].get(labels)
            if histogram is None:
                histogram = self._latencies[name][labels] = _Histogram()
            histogram.add(seconds * _MICROS)


def merged(texts: Sequence[str]) -> str:
    """Returns metrics of several processes as one: each value is the sum of theirs."""
    if len(texts) == 1:
        return texts[0]
    values: dict[str, dict[str, float]] = {}  # by the line that names their type
    for text in texts:
        series: dict[str, float] = {}
        for line in text.splitlines():
            if line.startswith("#"):
                series = values.setdefault(line, {})
            else:
                name, _, value = line.rpartition(" ")
                series[name] = series.get(name, 0) + float(value)
    lines = []
    for kind, series in values.items():
        lines += [kind, *(f"{name} {value:.15g}" for name, value in series.items())]
    return "\n".join([*lines, ""])


class MeasuredRunner:
    """A runner whose runs are measured.

    Args:
        runner: What runs the model.
        model: The name of the model.
        metrics: Where the times go.
    """

    def __init__(self, runner: Runner, model: str, metrics: Metrics) -> None:
        self._runner = runner
        self._model = model
        self._metrics = metrics

    def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], call: Call = ENDLESS
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `tfline.serving.server.session.Session.run`."""
        start = time.perf_counter()
        outputs = self._runner.run(feeds, fetches, call)
        self._metrics.runtime(self._model, time.perf_counter() - start)
        return outputs

    def close(self) -> None:
        """Frees the model."""
        self._runner.close()


def _counter_lines(name: str, counts: Mapping[Labels, int]) -> Iterator[str]:
    yield f"# TYPE {name} counter"
    for labels, count in counts.items():
        yield f"{name}{{{_text(labels)}}} {count}"


def _histogram_lines(name: str, labels: str, histogram: _Histogram) -> Iterator[str]:
    count = 0
    for bound, in_bucket in zip((*_BOUNDS, None), histogram.counts, strict=True):
        count += in_bucket
        limit = "+Inf" if bound is None else f"{bound:g}"
        yield f'{name}_bucket{{{labels},le="{limit}"}} {count}'
    yield f"{name}_sum{{{labels}}} {histogram.total:g}"
    yield f"{name}_count{{{labels}}} {count}"


def _text(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
