"""One HTTP connection, with the limits that uvicorn leaves to whoever stands before it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

logger = logging.getLogger(__name__)

_MAX_HEAD_BYTES = 65536  # request line and headers
_MIN_BODY_BYTES_A_SECOND = 1000


class Connection(HttpToolsProtocol):
    """A connection that is closed if there are too many, or if it stands still.

    Its class attributes are set by `connection_class`, since uvicorn makes the objects.

    Attributes:
        max_connections: Connections at a time; those beyond are closed at once.
        stall_seconds: How long the head of a request may take to arrive, its body or its answer to
            make progress. A body that has more bytes than one of 1,000 a second would have by then
            may take longer.
    """

    max_connections: ClassVar[int]
    stall_seconds: ClassVar[float]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to watch the connection, or closes it if there are too many."""
        super().connection_made(transport)
        self._head_bytes = self._body_bytes = 0
        self._body_began = 0.0
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        if len(self.connections) > self.max_connections:
            logger.warning("More than %d REST connections: one is closed", self.max_connections)
            transport.abort()
            return
        self._expect_data()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends the watch."""
        self._expect_no_data()
        self._expect_no_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what the client sends."""
        if self.cycle is not None and self.cycle.more_body:
            self._body_bytes += len(data)
            self._expect_data()
        else:
            if not self._head_bytes:
                self._expect_data()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too large.")

    def on_headers_complete(self) -> None:
        """Has the head of a request."""
        self._head_bytes = self._body_bytes = 0
        self._body_began = self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Has a whole request: what follows is up to the server."""
        self._expect_no_data()
        self._body_bytes = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Waits for the client to read its answer."""
        self._expect_no_reader()
        self._writing = self.loop.call_later(self.stall_seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """Goes on: the client reads."""
        self._expect_no_reader()
        super().resume_writing()

    def _expect_data(self) -> None:
        self._expect_no_data()
        seconds = self.stall_seconds
        if self._body_bytes:
            fast_enough = seconds + self._body_bytes / _MIN_BODY_BYTES_A_SECOND
            taken = self.loop.time() - self._body_began
            seconds = min(seconds, max(0.0, fast_enough - taken))
        self._reading = self.loop.call_later(seconds, self._miss_data)

    def _miss_data(self) -> None:
        if self.flow.read_paused:  # it is the server that does not read
            self._reading = self.loop.call_later(self.stall_seconds, self._miss_data)
        else:
            self.transport.abort()

    def _expect_no_data(self) -> None:
        if self._reading:
            self._reading.cancel()
            self._reading = None

    def _expect_no_reader(self) -> None:
        if self._writing:
            self._writing.cancel()
            self._writing = None


def connection_class(max_connections: int, stall_seconds: float) -> type[Any]:
    """Returns `Connection` with these limits."""
    limits = {"max_connections": max_connections, "stall_seconds": stall_seconds}
    return type("LimitedConnection", (Connection,), limits)
