"""The HTTP server: uvicorn has the connections, threads have the answers.

Requests beyond those that can be answered soon are refused at once, by 429.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import uvicorn

from tfline.serving.server.call import Call
from tfline.serving.server.rest.body import (
    LeftError,
    Memory,
    Share,
    TooLargeError,
    received,
    unpacked,
)
from tfline.serving.server.rest.connection import connection_class
from tfline.serving.server.rest.routes import Answer, Router, error_answer
from tfline.serving.server.status import Code, StatusError

logger = logging.getLogger(__name__)

_BAD_REQUEST, _TOO_LARGE, _TOO_MANY, _UNAVAILABLE = 400, 413, 429, 503
_IDLE_SECONDS = 300  # after that a connection is closed
_BACKLOG = 128
_JOIN_SECONDS = 2.0  # beside what the requests under way may take
_CORS_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"accept, content-type, authorization, x-requested-with"),
]

Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class RestOptions:
    """Where and how REST is served.

    Attributes:
        port: TCP port, on all interfaces.
        threads: Requests answered at a time.
        timeout: Seconds that a request may take once it has arrived.
        cors: Send CORS headers.
        reuse_port: Share the port with other processes.
        max_requests: Requests that are answered or wait; those beyond are refused. 0: no limit.
        max_connections: Connections at a time; those beyond are closed.
        max_body_bytes: The largest body, as it is sent and unpacked.
        max_total_bytes: The most bytes of all requests under way: of their bodies, as they are
            sent and unpacked, and about of the values in them.
        stall_seconds: How long a client may neither send what it began nor read its answer.
        watched: Makes of the ASGI application one whose requests are watched.
    """

    port: int
    threads: int = 8
    timeout: float = 30.0
    cors: bool = False
    reuse_port: bool = False
    max_requests: int = 0
    max_connections: int = 1000
    max_body_bytes: int = 2**26
    max_total_bytes: int = 2**30
    stall_seconds: float = 30.0
    watched: Callable[[Any], Any] = lambda application: application


class _App:
    """The ASGI application: what the router answers, within the limits."""

    def __init__(self, router: Router, options: RestOptions) -> None:
        self._router = router
        self._options = options
        self._memory = Memory(options.max_total_bytes)
        self._threads = ThreadPoolExecutor(options.threads, "rest")
        self._requests = 0

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        self._requests += 1
        try:
            answer = await self._answer(scope, receive)
        except TooLargeError as error:
            answer = error_answer(_TOO_LARGE, error.message, close=True)
        except StatusError as error:
            if error.code is Code.INVALID_ARGUMENT:
                answer = error_answer(_BAD_REQUEST, error.message)
            else:
                answer = _busy(error.message)
        except asyncio.CancelledError:  # the time to drain is over
            answer = error_answer(_UNAVAILABLE, "The server has ended", close=True)
        except LeftError:
            return
        finally:
            self._requests -= 1
        await self._send(answer, send)

    async def _answer(self, scope: Any, receive: Any) -> Answer:
        limit = self._options.max_requests
        if limit and self._requests > limit:
            raise StatusError(Code.RESOURCE_EXHAUSTED, f"{limit} requests are under way already")
        with Share(self._memory) as share:
            body = await received(receive, scope["headers"], self._options.max_body_bytes, share)
            if scope["method"] == "OPTIONS":
                return _preflight(dict(scope["headers"]).get(b"origin", b""))
            call = Call.within(self._options.timeout)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._route, scope, body, call, share)

    def _route(self, scope: Any, body: bytes, call: Call, share: Share) -> Answer:
        """Answers a request, in a thread of its own."""
        content = unpacked(body, scope["headers"], self._options.max_body_bytes, share)
        share.take_document(content)
        path = scope["raw_path"].decode("latin-1")
        return self._router.answer(scope["method"], path, content, call)

    async def _send(self, answer: Answer, send: Send) -> None:
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
            *(_CORS_HEADERS if self._options.cors else ()),
            *((name.encode(), value.encode()) for name, value in answer.headers),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _busy(message: str) -> Answer:
    return error_answer(_TOO_MANY, message, close=True, retry_after=1)


def _preflight(origin: bytes) -> Answer:
    if re.match(rb"https?://", origin):
        return Answer(200, b"")
    return error_answer(_BAD_REQUEST, "Invalid origin")


class RestServer:
    """An HTTP server in a thread of its own. It opens its port and answers requests.

    Args:
        router: Answers requests.
        options: Where and how.

    Raises:
        StatusError: UNAVAILABLE if the port cannot be bound.
    """

    def __init__(self, router: Router, options: RestOptions) -> None:
        self._socket = listen(options)
        config = uvicorn.Config(
            options.watched(_App(router, options)),
            http=connection_class(options.max_connections, options.stall_seconds),
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_IDLE_SECONDS,
            backlog=_BACKLOG,
        )
        self._config = config
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="rest", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Takes no more requests, and lets those under way go on for `seconds`.

        Connections that wait for a request are closed, the others after their answer.
        """
        self._config.timeout_graceful_shutdown = max(1, round(seconds))
        self._server.should_exit = True
        self._thread.join(seconds + _JOIN_SECONDS)

    def _run(self) -> None:
        self._server.run([self._socket])


def listen(options: RestOptions) -> socket.socket:
    """Opens the port on all interfaces: of both families, if the machine has both."""
    dual = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if dual else socket.AF_INET
    # With its protocol named: asyncio sends only on such a socket without waiting for the client's
    # acknowledgement of what came before, which takes 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if options.reuse_port:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if dual:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if user_timeout := getattr(socket, "TCP_USER_TIMEOUT", None):  # where the system has it
            milliseconds = int(options.stall_seconds * 1000)
            listening.setsockopt(socket.IPPROTO_TCP, user_timeout, milliseconds)
        listening.bind(("::" if dual else "0.0.0.0", options.port))  # noqa: S104
        listening.listen(_BACKLOG)
    except OSError as error:
        with contextlib.suppress(OSError):
            listening.close()
        raise StatusError(
            Code.UNAVAILABLE, f"Cannot serve REST at port {options.port}: {error.strerror}"
        ) from error
    return listening
