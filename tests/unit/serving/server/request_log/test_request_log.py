"""What is written is what was asked; files are bounded; a disk in trouble holds nobody up."""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen.tfrecord import read_records
from tfline.serving.protos import predict_pb2, prediction_log_pb2
from tfline.serving.server.model_config import ModelConfig
from tfline.serving.server.request_log.files import LogFiles, LogOptions
from tfline.serving.server.request_log.log import RequestLog
from tfline.serving.server.request_log.record import Entry, encode
from tfline.serving.server.request_log.writer import LogWriter
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError
from tfline.transforms.framing import frame_parts

OPTIONS = LogOptions()


class Counts(Counter[tuple[str, str]]):
    """What became of the requests."""

    def __call__(self, model: str, code: Code, requests: int) -> None:
        self[model, code.name] += requests


def entry(text: str = "x", size: int = 0) -> Entry:
    request = predict_pb2.PredictRequest(model_spec={"name": "m", "version_label": text})
    response = predict_pb2.PredictResponse()
    response.outputs["y"].string_val.append(b"y" * size)
    serialized = request.SerializeToString(), response.SerializeToString()
    return Entry("predict_log", "m", 7, "", 1.6e9, 0.5, *serialized)


def framed(entry: Entry) -> list[bytes]:
    return frame_parts(encode(entry))


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def written(folder: Path) -> list[Any]:
    """The logs in all complete files, the oldest first."""
    files = sorted(folder.glob("*-2*.tfrecord"), key=lambda path: path.stat().st_mtime_ns)
    records = (record for file in files for record in read_records(file))
    return [prediction_log_pb2.PredictionLog.FromString(record) for record in records]


def labels(folder: Path) -> list[str]:
    return [log.predict_log.request.model_spec.version_label for log in written(folder)]


@pytest.mark.parametrize("kind", ["predict", "classify", "regress", "multi_inference"])
@pytest.mark.parametrize("size", [0, 100, 127, 128, 20_000, 3_000_000])
def test_record_is_the_message_of_tensorflow_serving(kind: str, size: int) -> None:
    log = prediction_log_pb2.PredictionLog()
    part = getattr(log, f"{kind}_log")
    part.request.SetInParent()
    request = part.request.tasks.add() if kind == "multi_inference" else part.request
    request.model_spec.version_label = "l" * size
    part.response.SetInParent()
    serialized = part.request.SerializeToString(), part.response.SerializeToString()
    got = prediction_log_pb2.PredictionLog.FromString(
        b"".join(encode(Entry(f"{kind}_log", "m", 7, "", 1.6e9, 0.5, *serialized)))  # type: ignore[arg-type]
    )
    log.log_metadata.model_spec.name = "m"
    log.log_metadata.model_spec.version.value = 7
    log.log_metadata.model_spec.signature_name = "serving_default"
    log.log_metadata.sampling_config.sampling_rate = 0.5
    log.log_metadata.timestamp_secs = 1_600_000_000
    assert got == log


def test_file_is_hidden_until_it_is_complete(tmp_path: Path) -> None:
    files = LogFiles(str(tmp_path / "logs" / "m"), LogOptions(), clock=lambda: 1.6e9)
    files.write(framed(entry("a")))
    [part] = (tmp_path / "logs").iterdir()
    assert part.name.startswith(".m-20200913T122640-")
    files.complete()
    [file] = (tmp_path / "logs").iterdir()
    assert f".{file.name}.part" == part.name
    assert labels(tmp_path / "logs") == ["a"]


def test_files_are_bounded_in_size_age_and_sum(tmp_path: Path) -> None:
    now = [1.6e9]
    options = LogOptions(max_file_mb=1, max_file_seconds=60, max_total_mb=4)
    files = LogFiles(str(tmp_path / "m"), options, clock=lambda: now[0])
    (tmp_path / "m-notes.tfrecord").write_bytes(bytes(9_000_000))  # another's
    for number in range(40):
        files.write(framed(entry(str(number), 400_000)))
        sizes = [path.stat().st_size for path in tmp_path.glob("m-2*")]
        assert all(size <= 1_000_000 for size in sizes)
        assert sum(path.stat().st_size for path in tmp_path.glob("*m-2*")) <= 4_000_000
    files.complete()
    kept = labels(tmp_path)
    assert kept == [str(number) for number in range(40)][-len(kept) :]  # the newest
    assert len(kept) >= 6
    files.write(framed(entry("late")))
    files.complete_if_old()
    assert "late" not in labels(tmp_path)
    now[0] += 60
    files.complete_if_old()
    assert labels(tmp_path)[-1] == "late"


def test_file_of_a_killed_process_is_completed_up_to_its_last_whole_record(tmp_path: Path) -> None:
    whole = b"".join(framed(entry("a")) + framed(entry("b")))
    left = tmp_path / ".m-20200913T122640-host-1-0.tfrecord.part"
    left.write_bytes(whole + b"".join(framed(entry("c")))[:-1])
    (tmp_path / ".m-20200913T122641-host-1-1.tfrecord.part").write_bytes(b"\x01")
    in_use = LogFiles(str(tmp_path / "m"), LogOptions())
    in_use.write(framed(entry("d")))
    LogFiles(str(tmp_path / "m"), LogOptions()).recover()
    assert labels(tmp_path) == ["a", "b"]
    assert len(list(tmp_path.glob(".*.part"))) == 1
    in_use.complete()
    assert sorted(labels(tmp_path)) == ["a", "b", "d"]


def test_file_that_another_process_takes_for_a_leftover_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one looks between the moment the file is there, and that it is locked."""
    files, another = (LogFiles(str(tmp_path / "m"), OPTIONS) for _ in range(2))
    flock = fcntl.flock

    def recover_first(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        another.recover()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", recover_first)
    files.write(framed(entry("a")))
    files.complete()
    assert labels(tmp_path) == ["a"]


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def start(tmp_path: Path, counts: Counts) -> Iterator[Callable[..., LogWriter]]:
    writers = []

    def start(**options: int) -> LogWriter:
        writers.append(LogWriter(str(tmp_path / "m"), LogOptions(**options), counts))
        return writers[-1]

    yield start
    for writer in writers:
        writer.close(5)


def test_everything_is_written_by_the_end(start: Any, counts: Counts, tmp_path: Path) -> None:
    writer = start()
    for number in range(1000):
        writer.offer(entry(str(number)))
    writer.close(10)
    assert labels(tmp_path) == [str(number) for number in range(1000)]
    assert counts == {("m", "OK"): 1000}


def test_slow_disk_costs_records_and_no_time(
    start: Any, counts: Counts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, go_on, stuck = os.writev, threading.Event(), threading.Event()

    def write_slowly(descriptor: int, parts: Any) -> int:
        stuck.set()
        go_on.wait(20)
        return write(descriptor, parts)

    monkeypatch.setattr(os, "writev", write_slowly)
    writer = start(max_queue_mb=1)
    writer.offer(entry("first", 500_000))
    assert stuck.wait(10)
    began = time.monotonic()
    for number in range(20):  # one more fits
        writer.offer(entry(str(number), 400_000))
    assert time.monotonic() - began < 1
    assert counts == {("m", "RESOURCE_EXHAUSTED"): 19}
    go_on.set()
    writer.close(10)
    assert labels(tmp_path) == ["first", "0"]
    assert counts["m", "OK"] == 2


def test_full_disk_is_counted_and_what_comes_later_is_written(
    start: Any, counts: Counts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, full = os.writev, threading.Event()

    def write_a_part(descriptor: int, parts: Any) -> int:
        whole = b"".join(parts)
        if full.is_set() and len(whole) <= 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, [whole[:10]])  # no call writes more

    monkeypatch.setattr(os, "writev", write_a_part)
    writer = start()
    writer.offer(entry("before"))
    eventually(lambda: counts["m", "OK"] == 1)
    full.set()
    writer.offer(entry("lost"))
    eventually(lambda: counts["m", "UNAVAILABLE"] == 1)
    full.clear()
    writer.offer(entry("after"))
    eventually(lambda: counts["m", "OK"] == 2)
    writer.close(10)
    assert labels(tmp_path) == ["before", "after"]


def model(rate: float = 1.0, prefix: str = "", kind: str = "") -> ModelConfig:
    config = ModelConfig(name="m")
    config.logging_config.sampling_config.sampling_rate = rate
    config.logging_config.log_collector_config.filename_prefix = prefix
    config.logging_config.log_collector_config.type = kind
    return config


def ask(log: RequestLog, times: int = 1) -> None:
    servable = Servable("m", 7, {}, None)  # type: ignore[arg-type]
    for _ in range(times):
        request = predict_pb2.PredictRequest(model_spec={"name": "m", "version_label": "stable"})
        log.write("predict_log", servable, request, predict_pb2.PredictResponse())


def test_logging_config_of_a_model_is_followed(tmp_path: Path, counts: Counts) -> None:
    log = RequestLog(OPTIONS, counts)
    log.follow({"m": ModelConfig(name="m")})
    assert not log.has("m")
    ask(log)
    log.follow({"m": model(0.25, str(tmp_path / "a" / "m"))})
    ask(log, 2000)
    log.follow({"m": model(1.0, str(tmp_path / "b" / "m"))})
    assert 350 < len(written(tmp_path / "a")) < 650  # the files are complete at once
    ask(log, 10)
    log.close()
    assert labels(tmp_path / "b") == ["stable"] * 10
    assert not log.has("m")
    rates = {each.log_metadata.sampling_config.sampling_rate for each in written(tmp_path / "a")}
    assert rates == {0.25}


def test_flags_are_for_models_that_say_nothing(tmp_path: Path, counts: Counts) -> None:
    log = RequestLog(OPTIONS, counts, str(tmp_path), 0.5)
    models = {"m": ModelConfig(name="m"), "off": model(0.0, "/logs/m")}
    sinks = log.sinks(models)
    assert [(name, sink.prefix, sink.rate) for name, sink in sinks.items()] == [
        ("m", str(tmp_path / "m"), 0.5)
    ]
    log.close()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (model(1.5, "/logs/m"), "Expected sampling_rate of model m to be 0 to 1; got 1.5"),
        (model(1.0, "logs/m"), "to have an absolute filename_prefix"),
        (model(1.0, "/logs/"), "to have an absolute filename_prefix"),
        (model(1.0, "/logs/m", "kafka"), "Cannot find LogCollector::Factory for type: kafka"),
    ],
)
def test_wrong_logging_config_is_refused(config: ModelConfig, words: str, counts: Counts) -> None:
    with pytest.raises(StatusError, match=words):
        RequestLog(OPTIONS, counts).follow({"m": config})
