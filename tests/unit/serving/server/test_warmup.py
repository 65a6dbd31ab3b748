from __future__ import annotations

import pytest

from components.example_gen.tfrecord import frame
from serving.server.servable import Servable
from serving.server.status import Code, StatusError
from serving.server.warmup import warm_up

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


def test_model_without_a_file_is_not_warmed_up(tmp_path):
    warm_up(Servable("m", 1, {}, runner=None), tmp_path)
