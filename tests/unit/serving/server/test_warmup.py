from __future__ import annotations

import pytest

from tfline.components.example_gen.tfrecord import frame
from tfline.serving.protos import meta_graph_pb2, prediction_log_pb2
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.warmup import warm_up

GOOD = frame(b"some record")


def flipped(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [
        (flipped(GOOD, 0), Code.DATA_LOSS, "corrupted record"),
        (flipped(GOOD, 9), Code.DATA_LOSS, "corrupted record"),
        (flipped(GOOD, 14), Code.DATA_LOSS, "corrupted record"),
        (flipped(GOOD, -1), Code.DATA_LOSS, "corrupted record"),
        (GOOD[:5], Code.DATA_LOSS, "truncated record"),
        (GOOD[:-1], Code.DATA_LOSS, "truncated record"),
        (GOOD, Code.INVALID_ARGUMENT, "Failed to parse warmup record"),
        (frame(b""), Code.UNIMPLEMENTED, "Unsupported log_type for warmup: None"),
    ],
    ids=[
        "length",
        "sum of length",
        "record",
        "sum of record",
        "cut head",
        "cut tail",
        "no log",
        "empty log",
    ],
)
def test_damaged_file_is_a_load_error(tmp_path, content, code, text):
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "tf_serving_warmup_requests").write_bytes(content)
    servable = Servable("m", 1, {}, runner=None)  # no request gets as far as the model
    with pytest.raises(StatusError, match=text) as caught:
        warm_up(servable, tmp_path)
    assert caught.value.code is code


class Counter:
    """A model that counts its runs."""

    def __init__(self):
        self.runs = 0

    def run(self, feeds, fetches, timeout=None):
        self.runs += 1
        return []

    def close(self):
        pass


def test_each_request_is_run_as_often_as_asked(tmp_path):
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.name = "m"
    (tmp_path / "assets.extra").mkdir()
    (tmp_path / "assets.extra" / "tf_serving_warmup_requests").write_bytes(
        frame(log.SerializeToString()) * 2
    )
    runner = Counter()
    signatures = {"serving_default": meta_graph_pb2.SignatureDef()}
    warm_up(Servable("m", 1, signatures, runner), tmp_path, iterations=3)
    assert runner.runs == 6


def test_model_without_a_file_is_not_warmed_up(tmp_path):
    warm_up(Servable("m", 1, {}, runner=None), tmp_path)
