"""The HTTP front: connections, bodies, and what HTTP asks for around the answers."""

from __future__ import annotations

import gzip
import http.server
import logging
import re
import socket
import socketserver
import threading
import zlib
from dataclasses import dataclass
from typing import ClassVar

from tfline.serving.server.rest.routes import Answer, Router, error_answer
from tfline.serving.server.status import Code, StatusError

logger = logging.getLogger(__name__)

_BAD_REQUEST = 400
_LENGTH_REQUIRED = 411
_CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "accept, content-type, authorization, x-requested-with",
}


@dataclass(frozen=True)
class RestOptions:
    """Where and how REST is served.

    Attributes:
        port: TCP port, on all interfaces.
        threads: Requests answered at a time.
        cors: Send CORS headers.
    """

    port: int
    threads: int
    cors: bool = False


class _BodyError(Exception):
    """The content of a request cannot be read."""


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread a connection; `slots` of them answer at a time."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, router: Router, options: RestOptions) -> None:
        self.router = router
        self.cors = options.cors
        self.slots = threading.BoundedSemaphore(options.threads)
        self.address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
        host = "::" if self.address_family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104
        super().__init__((host, options.port), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request: object, client_address: object) -> None:
        logger.debug("%s of %s broke", request, client_address, exc_info=True)  # noqa: LOG014 - called in its except clause


class _Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "tfline"
    timeout: ClassVar[float] = 300.0  # an idle connection is closed
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and content leave together

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_OPTIONS(self) -> None:
        self._discard_body()
        origin = self.headers.get("Origin", "")
        allowed = re.match(r"https?://", origin) is not None
        self._send(Answer(200, b"") if allowed else error_answer(_BAD_REQUEST, "Invalid origin"))

    def handle_expect_100(self) -> bool:
        expected = super().handle_expect_100()
        self.wfile.flush()  # curl holds a large body back for it, for a second
        return expected

    def log_message(self, template: str, *arguments: object) -> None:
        logger.debug(template, *arguments)

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        try:
            body = self._body()
        except _BodyError as error:
            self.close_connection = True
            self._send(error_answer(_BAD_REQUEST, str(error)))
            return
        with self.server.slots:
            answer = self.server.router.answer(self.command, path, body)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in _CORS_HEADERS.items() if self.server.cors else ():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _discard_body(self) -> None:
        try:
            self._body()
        except _BodyError:
            self.close_connection = True

    def _body(self) -> bytes:
        """Returns the content of the request, unpacked."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            content = self._chunks()
        else:
            content = self._read(self._length(self.headers.get("Content-Length", "0"), 10))
        if self.headers.get("Content-Encoding", "").lower() != "gzip":
            return content
        try:
            return gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise _BodyError(f"Cannot unpack the gzip body: {error}") from error

    def _chunks(self) -> bytes:
        chunks = []
        while size := self._length(self.rfile.readline(1024).decode("latin-1"), 16):
            chunks.append(self._read(size))
            self.rfile.readline(3)
        while self.rfile.readline(65537).strip():  # trailers
            pass
        return b"".join(chunks)

    def _length(self, text: str, base: int) -> int:
        digits = text.partition(";")[0].strip()
        try:
            size = int(digits, base)
        except ValueError as error:
            raise _BodyError(f"Invalid length: {digits!r}") from error
        if size < 0:
            raise _BodyError(f"Invalid length: {digits!r}")
        return size

    def _read(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) != size:
            raise _BodyError("The body is shorter than announced")
        return content


class RestServer:
    """A running REST front."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="rest", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def start_rest(router: Router, options: RestOptions) -> RestServer:
    """Opens the port and answers requests.

    Raises:
        StatusError: UNAVAILABLE if the port cannot be bound.
    """
    try:
        return RestServer(_Server(router, options))
    except OSError as error:
        raise StatusError(
            Code.UNAVAILABLE, f"Cannot serve REST at port {options.port}: {error.strerror}"
        ) from error
