"""What one worker of a server answers the others: only over the socket that they share."""

from __future__ import annotations

from collections.abc import Callable

import grpc
from google.protobuf.message import Message

from tfline.serving.protos import model_management_pb2
from tfline.serving.server.call import Call
from tfline.serving.server.processes.peers import METRICS, RELOAD
from tfline.serving.server.rpc.methods import deadline, status
from tfline.serving.server.service import Service


class WorkerHandlers(grpc.GenericRpcHandler):
    """Finds the handler of a call of another worker.

    Args:
        service: The methods of the API.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._handlers = {
            METRICS: grpc.unary_unary_rpc_method_handler(_inside(self._metrics)),
            RELOAD: grpc.unary_unary_rpc_method_handler(_inside(self._reload)),
        }

    def service(self, call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Returns the handler of a call; None if there is no such method."""
        return self._handlers.get(call_details.method)

    def _metrics(self, _content: bytes, _call: Call) -> bytes:
        return self._service.metrics.text().encode()

    def _reload(self, content: bytes, call: Call) -> bytes:
        request = model_management_pb2.ReloadConfigRequest.FromString(content)
        response: Message = self._service.reload_this(request, call)
        serialized: bytes = response.SerializeToString()
        return serialized


def _inside(
    method: Callable[[bytes, Call], bytes],
) -> Callable[[bytes, grpc.ServicerContext], bytes]:
    def answer(content: bytes, context: grpc.ServicerContext) -> bytes:
        if not context.peer().startswith("unix:"):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Only for the workers of a server")
        try:
            return method(content, Call(deadline(context), context.is_active))
        except Exception as error:
            context.abort(*status(None, error))

    return answer
