"""The servers that are measured, each a process of its own, and the model that all of them have."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from benchmarks.grpc_clients import MODEL
from tfline.serving.process import checked_port

ROOT = Path(__file__).parent.parent

START_SECONDS = 180.0
"""The most that a server may take to start."""

BUILD = """
import sys, keras, tensorflow as tf
network = keras.Sequential([
    keras.Input([28, 28, 1]),
    keras.layers.Conv2D(30, 2, activation="relu"), keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(30, 2, activation="relu"), keras.layers.MaxPooling2D(),
    keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax"),
])
module = tf.Module()
module.weights = [weight.value for weight in network.weights]
@tf.function(input_signature=[tf.TensorSpec([None, 784], tf.float32, name="image")])
def columns(image):
    return {"probabilities": network(tf.reshape(image, [-1, 28, 28, 1]))}
@tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
def serve(examples):
    spec = {"image": tf.io.FixedLenFeature([784], tf.float32)}
    return columns(tf.io.parse_example(examples, spec)["image"])
signatures = {"serving_default": serve, "columns": columns}
tf.saved_model.save(module, sys.argv[1], signatures=signatures)
"""


@contextlib.contextmanager
def built_model() -> Iterator[Path]:
    """Builds the model; yields the folder of its versions, which has one."""
    with tempfile.TemporaryDirectory() as folder:
        base_path = Path(folder, MODEL)
        version = str(base_path / "1")
        subprocess.run([sys.executable, "-c", BUILD, version], check=True, capture_output=True)
        yield base_path


@dataclass(frozen=True)
class Contender:
    """A way to answer calls.

    Attributes:
        name: What the table calls it.
        arguments: Of the interpreter; ``PORT`` stands for the port.
        target: The least share of the rate in process that is good; None: it shows a limit only.
        python: The interpreter.
        environment: All of its variables.
    """

    name: str
    arguments: Sequence[str]
    target: float | None = None
    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)


class Server:
    """The processes of a contender, and a context in which they answer.

    Attributes:
        port: Of all processes.
        start_seconds: From their start until one answers.
    """

    def __init__(self, contender: Contender) -> None:
        self.port = checked_port(0)
        arguments = [str(self.port) if word == "PORT" else word for word in contender.arguments]
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [contender.python, *arguments],
            cwd=ROOT,
            env=dict(contender.environment) or None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        self.start_seconds = time.perf_counter() - started

    def _wait(self) -> None:
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            with socket.socket() as probe:
                if probe.connect_ex(("localhost", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{self._process.args!r} does not answer")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        processes = self._all()
        self._process.terminate()
        psutil.wait_procs(processes, 10)
        for process in processes:  # a peer may leave children behind
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()

    def resident_mib(self) -> float:
        """Returns the memory of all processes."""
        return sum(process.memory_info().rss for process in self._all()) / 2**20

    def processor_seconds(self) -> float:
        """Returns the processor time that all processes have used."""
        return sum(sum(process.cpu_times()[:2]) for process in self._all())

    def _all(self) -> list[psutil.Process]:
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]
