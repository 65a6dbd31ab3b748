"""Certifies a version: raw records go through the model in process, over gRPC and over REST."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfline.components.pusher.answers import FEATURES, PREDICTIONS, Process, Server, runtime
from tfline.components.pusher.certificate import Certificate
from tfline.components.pusher.parity import TOLERANCE, Outputs, largest_difference
from tfline.serving.errors import ServingError
from tfline.serving.process import checked_port, start_server
from tfline.transforms.errors import PushError

_progress = logging.getLogger("tfline.progress")

_MEGABYTE, _MILLISECONDS = 1e6, 1e3


def certify(version: Path, model: str, records: Sequence[bytes]) -> Certificate:
    """Starts a server on a version, and compares its answers with those of the model in process.

    Args:
        version: The folder of the version, whose parent has no other.
        model: The name of the model.
        records: Serialized tf.Examples, at least one.

    Returns:
        The certificate.

    Raises:
        PushError: The version cannot be loaded or served, or an answer differs; it names the
            record, the feature or output, and both values.
    """
    _progress.info("the model in process")
    loaded = Process(version)
    expected = loaded.answers(PREDICTIONS, records)
    _progress.info("starting a server on the model")
    try:
        started = time.perf_counter()
        with start_server(version.parent, model, rest_api_port=checked_port(0)) as process:
            cold_start = time.perf_counter() - started
            _progress.info("asking it about %d records", len(records))
            with Server(process, model) as server:
                try:
                    differences, seconds = _compare(server, expected, records)
                except PushError:
                    _blame_feature(loaded, server, records)
                    raise
    except ServingError as exc:
        raise PushError(
            f"The model cannot be served: {exc.message}", exc.where, "It is not pushed."
        ) from exc
    p50, p99 = np.percentile(seconds, [50, 99]) * _MILLISECONDS
    return Certificate(
        records=len(records),
        tolerance=TOLERANCE,
        largest_difference=differences,
        p50_ms=round(float(p50), 3),
        p99_ms=round(float(p99), 3),
        cold_start_s=round(cold_start, 3),
        model_mb=round(_bytes_of(version) / _MEGABYTE, 3),
        runtime=runtime(),
    )


def _compare(
    server: Server, expected: Outputs, records: Sequence[bytes]
) -> tuple[dict[str, float], list[float]]:
    """Returns the largest difference by way, and the seconds of each request of one record."""
    batch = server.over_grpc(PREDICTIONS, records)
    single, seconds = server.one_by_one(records)
    rest = server.over_rest(records, expected)
    differences = {
        "grpc": largest_difference(expected, batch, "over gRPC"),
        "grpc_single": largest_difference(expected, single, "over gRPC, alone in its request"),
        "rest": largest_difference(expected, rest, "over REST"),
    }
    return differences, seconds


def _blame_feature(loaded: Process, server: Server, records: Sequence[bytes]) -> None:
    """Raises if a feature differs already, before the model has made anything of it.

    Raises:
        PushError: It names the record, the feature, and both values.
    """
    expected = loaded.answers(FEATURES, records)
    if expected:
        largest_difference(expected, server.over_grpc(FEATURES, records), "over gRPC", "feature")


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
