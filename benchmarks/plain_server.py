"""A model server as one writes it in an afternoon, to measure the real one against.

    python -m benchmarks.plain_server PORT [FOLDER]

gRPC's threads in front of a `tf.Session` of the SavedModel in FOLDER; without it every answer is
the same 60 bytes, so that what is left is the cost of gRPC itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent import futures
from typing import Any

os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")  # as the real one

import grpc

from tfline.serving.protos import predict_pb2, tensor_pb2, types_pb2

_THREADS = 16

Answer = Callable[[bytes], bytes]


class _EveryMethod(grpc.GenericRpcHandler):
    def __init__(self, answer: Answer) -> None:
        self._handler = grpc.unary_unary_rpc_method_handler(lambda request, _: answer(request))

    def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return self._handler


def session_call(
    folder: str, signature: str = "serving_default", name: str = "examples"
) -> Callable[[Any], Any]:
    """Returns a call of the model in process, as TensorFlow has it: an input to probabilities."""
    import tensorflow as tf

    session = tf.compat.v1.Session(graph=tf.Graph())
    model = tf.compat.v1.saved_model.load(session, ["serve"], folder)
    definition = model.signature_def[signature]
    given = definition.inputs[name].name
    probabilities = definition.outputs["probabilities"].name
    return lambda values: session.run(probabilities, {given: values})


def _predict(folder: str) -> Answer:
    call = session_call(folder)

    def answer(request: bytes) -> bytes:
        message = predict_pb2.PredictRequest.FromString(request)
        values = call(list(message.inputs["examples"].string_val))
        response = predict_pb2.PredictResponse(model_spec=message.model_spec)
        tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT)
        for size in values.shape:
            tensor.tensor_shape.dim.add(size=size)
        tensor.float_val.extend(values.ravel())
        response.outputs["probabilities"].CopyFrom(tensor)
        return response.SerializeToString()

    return answer


def main(port: str, folder: str = "") -> None:
    """Serves until it is ended."""
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS))
    answer = _predict(folder) if folder else lambda _: b"\0" * 60
    server.add_generic_rpc_handlers((_EveryMethod(answer),))
    server.add_insecure_port(f"localhost:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
