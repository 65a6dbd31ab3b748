"""Damaged requests never end the server, and always get an answer."""

from __future__ import annotations

import json
import random

import grpc

from tests.integration.serving.conftest import METHODS, Grpc, Rest, predict_request, tensor
from tfline.serving.process import ServerProcess
from tfline.serving.protos import types_pb2

ROUNDS = 150
ALLOWED = {"OK", "INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"}


def damaged(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        kind, at = rng.randrange(3), rng.randrange(len(changed))
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            del changed[at : at + rng.randint(1, 5)]
        else:
            changed[at:at] = rng.randbytes(3)
        if not changed:
            return b""
    return bytes(changed)


def answers(server: ServerProcess, api: Grpc) -> bool:
    response = api.call("Predict", predict_request(x=[1.0]))
    return server.running and list(response.outputs["y"].float_val) == [2.5]


def test_damaged_messages_are_answered(server: ServerProcess, api: Grpc):
    rng = random.Random(7)
    seeds = [
        predict_request(x=[1.0, 2.0]).SerializeToString(),
        predict_request(
            "text", x=tensor([b"a", b"b" * 30], types_pb2.DT_STRING)
        ).SerializeToString(),
        b"",
    ]
    for _ in range(ROUNDS):
        content = damaged(rng.choice(seeds) or b"\0", rng)
        method = rng.choice([name for name in METHODS if name != "HandleReloadConfigRequest"])
        call = api.channel.unary_unary(
            f"/tensorflow.serving.{METHODS[method][0]}Service/{method}", None, None
        )
        error = call.future(content, timeout=20).exception()
        code = error.code().name if isinstance(error, grpc.Call) else "OK"
        assert code in ALLOWED, (method, content, error)
    assert answers(server, api)


def test_tensors_that_claim_too_much_are_refused(server: ServerProcess, api: Grpc):
    for shape in ([2**62, 4], [-1], [2**40]):
        huge = tensor([], shape=shape)
        code, _ = api.error("Predict", predict_request(x=huge))
        assert code == "INVALID_ARGUMENT"
    assert answers(server, api)


def test_damaged_json_is_answered(server: ServerProcess, api: Grpc, rest: Rest):
    rng = random.Random(7)
    seed = json.dumps({"instances": [{"x": 1.5, "z": -2}], "signature_name": "pair"}).encode()
    for _ in range(ROUNDS):
        status, _ = rest("/v1/models/toolbox:predict", damaged(seed, rng))
        assert status in {200, 400}
    assert answers(server, api)
