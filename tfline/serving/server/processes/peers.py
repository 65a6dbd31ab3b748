"""What a worker has to do with the others: they are reached over the sockets in its folder."""

from __future__ import annotations

import contextlib
import fcntl
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import grpc

from tfline.serving.protos import model_management_pb2
from tfline.serving.server.call import Call
from tfline.serving.server.model_config import ModelServerConfig
from tfline.serving.server.status import Code, StatusError

logger = logging.getLogger(__name__)

SERVICE = "tfline.serving.Worker"
METRICS, RELOAD = f"/{SERVICE}/Metrics", f"/{SERVICE}/Reload"

_METRICS_SECONDS = 2.0
_RELOAD_SECONDS = 600.0
_RELOADED, _LOAD_LOCK = "reloaded.config", "load.lock"

T = TypeVar("T")


class Peers:
    """The other workers of a server.

    Args:
        socket: The socket of this worker; theirs are beside it.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def metrics(self) -> list[str]:
        """Returns the metrics of each of the others that answers."""
        texts = []
        for name, answer in self._ask(METRICS, b"", _METRICS_SECONDS, lambda content: content):
            if isinstance(answer, grpc.RpcError):
                logger.warning("The metrics of worker %s are missing: %s", name, answer)
            else:
                texts.append(answer.decode())
        return texts

    def reload(self, request: model_management_pb2.ReloadConfigRequest, call: Call) -> None:
        """Has the others take a configuration, and those that are started later.

        Raises:
            StatusError: What one of them has failed with.
        """
        reloaded = self._socket.with_name(_RELOADED)
        written = reloaded.with_suffix(f".{self._socket.stem}")
        written.write_bytes(request.config.SerializeToString())
        written.rename(reloaded)
        left = call.seconds_left()
        seconds = _RELOAD_SECONDS if left is None else left
        response = model_management_pb2.ReloadConfigResponse
        content = request.SerializeToString()
        for name, answer in self._ask(RELOAD, content, seconds, response.FromString):
            if isinstance(answer, grpc.RpcError):
                # A worker that is gone finds the configuration when it is started again.
                if answer.code() is grpc.StatusCode.UNAVAILABLE:
                    logger.warning("Worker %s cannot be reached: %s", name, answer.details())
                    continue
                raise StatusError(Code(answer.code().value[0]), answer.details() or "")

    def reloaded_config(self) -> ModelServerConfig | None:
        """Returns the configuration that a request has set, for a worker that starts later."""
        try:
            content = self._socket.with_name(_RELOADED).read_bytes()
        except FileNotFoundError:
            return None
        return ModelServerConfig.FromString(content)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until no other worker loads a version; while it does, they wait."""
        with self._socket.with_name(_LOAD_LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _ask(
        self, method: str, content: bytes, seconds: float, read: Callable[[bytes], T]
    ) -> list[tuple[str, T | Any]]:
        """Returns the name and the answer, or the RpcError, of each of the others."""
        with contextlib.ExitStack() as stack:
            calls = []
            for socket in sorted(self._socket.parent.glob("*.sock")):
                if socket != self._socket:
                    channel = stack.enter_context(grpc.insecure_channel(f"unix:{socket}"))
                    call = channel.unary_unary(method, None, read)
                    calls.append((socket.stem, call.future(content, timeout=seconds)))
            return [(name, call.exception() or call.result()) for name, call in calls]
