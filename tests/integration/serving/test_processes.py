"""Several processes that serve as one: shared ports, summed metrics, replaced when they die."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import psutil
import pytest

from tests.integration.serving.conftest import METHODS, Grpc, Rest, free_port, predict_request
from tests.integration.serving.conftest import tensor as make_tensor
from tfline.serving.client import Client
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.protos import model_management_pb2, types_pb2

PROCESSES = 2
RATE, SECONDS = 1000, 4


@pytest.fixture(scope="module")
def several(publish: Callable[..., Path], tmp_path_factory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("processes")
    publish("price", folder / "price", 1)
    monitoring = folder / "monitoring.config"
    monitoring.write_text("prometheus_config { enable: true }")
    flags = [f"--processes={PROCESSES}", f"--monitoring_config_file={monitoring}"]
    with start_server(folder / "price", "price", rest_api_port=free_port(), flags=flags) as server:
        eventually(lambda: "2 processes serve" in server.output())
        yield server


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def workers(server: ServerProcess) -> set[int]:
    return {child.pid for child in psutil.Process(server.pid).children()}


def openings(server: ServerProcess) -> int:
    """How often a process has opened its ports."""
    return server.output().count("Exporting HTTP/REST")


def fresh(server: ServerProcess) -> Grpc:
    """A connection of its own, which any of the processes may have."""
    return Grpc(server.target, {"grpc.use_local_subchannel_pool": 1})


def price_request(size: float = 2.0):
    return predict_request("columns", name="price", size=[size])


def test_metrics_are_those_of_all(several: ServerProcess):
    for _ in range(20):
        api = fresh(several)
        assert api.call("Predict", price_request()).outputs["prediction"].float_val[0] == 6.0
        api.channel.close()
    count = re.compile(r':request_count{model_name="price",status="OK"} (\d+)')
    counts = set()
    for _ in range(10):  # whichever process answers
        _, text = Rest(several.rest_api_port)("/monitoring/prometheus/metrics")
        counts.add(int(count.search(text)[1]))
    assert counts == {20}
    commands = [psutil.Process(pid).cmdline() for pid in workers(several)]
    sockets = {word for words in commands for word in words if "--worker_socket_path" in word}
    assert len(sockets) == PROCESSES


def test_what_workers_tell_one_another_is_not_for_others(several: ServerProcess):
    metrics = fresh(several).channel.unary_unary("/tfline.serving.Worker/Metrics")
    with pytest.raises(grpc.RpcError) as caught:
        metrics(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_killed_worker_costs_only_its_calls_in_flight(several: ServerProcess):
    before, opened = workers(several), openings(several)
    failures: list[Exception] = []
    done: list[float] = []

    def call_on(index: int, until: float) -> None:
        with Client(several.target, "price", timeout=10.0) as client:
            while (start := time.monotonic()) < until:
                try:
                    assert client.predict([{"size": 2.0}])[0].value == 6.0
                except Exception as error:
                    failures.append(error)
                done.append(time.monotonic() - start)
                time.sleep(max(0.0, 8 / RATE - (time.monotonic() - start)))

    with ThreadPoolExecutor(8) as pool:
        end = time.monotonic() + SECONDS
        callers = [pool.submit(call_on, index, end) for index in range(8)]
        time.sleep(1)
        os.kill(min(before), signal.SIGKILL)
        for caller in callers:
            caller.result()
    assert failures == []  # the client has tried them again
    assert len(done) > 200
    eventually(lambda: len(workers(several)) == PROCESSES and workers(several) != before)
    assert max(before) in workers(several)
    eventually(lambda: openings(several) > opened)


def test_reload_reaches_all_and_those_that_come(
    several: ServerProcess, publish: Callable[..., Path], tmp_path: Path
):
    publish("price", tmp_path / "other", 7)
    os.kill(min(workers(several)), signal.SIGKILL)  # the next one starts while the others reload
    eventually(lambda: len(workers(several)) == PROCESSES)
    request = model_management_pb2.ReloadConfigRequest()
    request.config.model_config_list.config.add(
        name="price", base_path=str(tmp_path / "other"), model_platform="tensorflow"
    )
    fresh(several).call("HandleReloadConfigRequest", request, timeout=30)

    def versions() -> set[int]:
        found = set()
        for _ in range(12):
            api = fresh(several)
            response = api.call("Predict", price_request())
            found.add(response.model_spec.version.value)
            api.channel.close()
        return found

    eventually(lambda: versions() == {7})
    opened = openings(several)
    os.kill(max(workers(several)), signal.SIGKILL)
    eventually(lambda: openings(several) > opened)
    assert versions() == {7}


def test_all_are_drained(publish: Callable[..., Path], tmp_path: Path):
    publish("toolbox", tmp_path / "toolbox", 1)
    flags = (f"--processes={PROCESSES}",)
    with start_server(tmp_path / "toolbox", "toolbox", flags=flags) as server:
        eventually(lambda: "2 processes serve" in server.output())
        slow = predict_request("slow", n=make_tensor([1000], types_pb2.DT_INT32))
        path = f"/tensorflow.serving.{METHODS['Predict'][0]}Service/Predict"
        calls = [
            fresh(server).channel.unary_unary(path, None, None).future(slow.SerializeToString())
            for _ in range(4)
        ]
        time.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        assert all(call.result(timeout=20) for call in calls)
        assert server.wait() == 0


def test_start_that_fails_ends_all(tmp_path: Path):
    (tmp_path / "empty" / "1").mkdir(parents=True)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tfline.serving.server", f"--port={free_port()}"),
            *("--processes=2", "--max_num_load_retries=0", "--model_name=m"),
            f"--model_base_path={tmp_path / 'empty'}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 255
    assert "did not become available" in done.stdout
