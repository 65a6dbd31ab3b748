"""Versions are swapped under load: `python -m benchmarks.hot_swap`.

Clients ask at a steady rate while versions are pushed, of which one is broken and one is copied
into place by hand, file by file. Not one request may fail, or be answered with another number.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from tfline.serving.channel import PREDICT
from tfline.serving.process import start_server
from tfline.serving.protos import predict_pb2, types_pb2

_MODEL = "half_plus_two"
_INPUT, _OUTPUT = 8.0, 6.0
_CLIENTS = 8
_COPY_SECONDS = 0.5
_FLAGS = ("--max_num_load_retries=5", "--load_retry_interval_micros=500000")
_BUILD = """
import sys, tensorflow as tf
module = tf.Module()
module.half = tf.Variable(0.5)
@tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
def serve(x):
    return {"y": module.half * x + 2.0}
tf.saved_model.save(module, sys.argv[1], signatures={"serving_default": serve})
"""


@dataclass
class Outcome:
    """What the clients saw.

    Attributes:
        latencies: Seconds of each answered request.
        failures: What went wrong, a text for each failed request.
        versions: The versions that answered.
    """

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)


def build(folder: Path) -> None:
    """Writes a SavedModel that halves and adds two; in a process of its own."""
    subprocess.run([sys.executable, "-c", _BUILD, str(folder)], check=True, capture_output=True)


def swap(model: Path, base_path: Path, *, seconds: float, rate: float, versions: int) -> Outcome:
    """Serves `model`, and pushes it again and again while clients ask for predictions.

    Args:
        model: A SavedModel whose ``x`` gives ``y``, the half of it plus two.
        base_path: The folder of the versions; made here.
        seconds: How long the clients ask.
        rate: Requests a second, of all clients together.
        versions: How many are pushed, at equal distances.
    """
    _push(model, base_path, 1)
    outcome = Outcome()
    with start_server(base_path, _MODEL, flags=_FLAGS) as server:
        end = time.monotonic() + seconds
        clients = [
            threading.Thread(target=_ask, args=(server.target, rate / _CLIENTS, end, outcome))
            for _ in range(_CLIENTS)
        ]
        for client in clients:
            client.start()
        pushes: dict[int, Callable[[Path, Path, int], None]] = {
            2 + versions // 3: _push_broken,
            2 + 2 * versions // 3: _copy_by_hand,
        }
        for number in range(2, versions + 2):
            time.sleep(seconds / (versions + 1))
            pushes.get(number, _push)(model, base_path, number)
        for client in clients:
            client.join()
    return outcome


def _push(model: Path, base_path: Path, version: int) -> None:
    """Copies, then renames: as an exporter does."""
    base_path.mkdir(parents=True, exist_ok=True)
    staged = base_path / f"staged-{version}"
    shutil.copytree(model, staged)
    staged.rename(base_path / str(version))


def _push_broken(model: Path, base_path: Path, version: int) -> None:
    """Pushes a version whose graph is cut off."""
    staged = base_path / f"staged-{version}"
    shutil.copytree(model, staged)
    graph = staged / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-100])
    staged.rename(base_path / str(version))


def _copy_by_hand(model: Path, base_path: Path, version: int) -> None:
    """Copies the graph first, and the variables while the server is already looking."""
    for file in sorted(path for path in model.rglob("*") if path.is_file()):
        target = base_path / str(version) / file.relative_to(model)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
        time.sleep(_COPY_SECONDS)


def _ask(target: str, rate: float, end: float, outcome: Outcome) -> None:
    """Sends requests at `rate` a second until `end`."""
    request = predict_pb2.PredictRequest(model_spec={"name": _MODEL})
    request.inputs["x"].dtype = types_pb2.DT_FLOAT
    request.inputs["x"].tensor_shape.dim.add(size=1)
    request.inputs["x"].float_val.append(_INPUT)
    with grpc.insecure_channel(target) as channel:
        predict = channel.unary_unary(
            PREDICT,
            predict_pb2.PredictRequest.SerializeToString,
            predict_pb2.PredictResponse.FromString,
        )
        due = time.monotonic()
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / rate
            start = time.perf_counter()
            try:
                response = predict(request, timeout=10)
            except grpc.RpcError as error:
                outcome.failures.append(str(error))
                continue
            outcome.latencies.append(time.perf_counter() - start)
            outcome.versions.add(response.model_spec.version.value)
            if list(response.outputs["y"].float_val) != [_OUTPUT]:
                outcome.failures.append(f"{response} instead of {_OUTPUT}")


def main() -> int:
    """Swaps 20 versions within a minute, at 1,000 requests a second."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder, "model"))
        outcome = swap(
            Path(folder, "model"), Path(folder, _MODEL), seconds=60, rate=1000, versions=20
        )
    p99 = statistics.quantiles(outcome.latencies, n=100)[98]
    print(
        f"{len(outcome.latencies)} answers, {len(outcome.failures)} failures, "
        f"{len(outcome.versions)} versions answered, "
        f"p50 {statistics.median(outcome.latencies) * 1e3:.2f} ms, p99 {p99 * 1e3:.2f} ms, "
        f"longest {max(outcome.latencies) * 1e3:.0f} ms"
    )
    print(*outcome.failures[:5], sep="\n")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
