"""The content of HTTP requests: received and unpacked, as long as it stays within the limits."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from tfline.serving.server.status import Code, StatusError, invalid_argument

_GZIP = zlib.MAX_WBITS | 16  # the format, for zlib
_PIECE_BYTES = 1 << 20

Receive = Callable[[], Awaitable[Any]]
"""Returns the next message of an ASGI connection."""

Headers = Iterable[tuple[bytes, bytes]]


class TooLargeError(StatusError):
    """A body exceeds what one request may have."""

    def __init__(self, limit: int, flag: str) -> None:
        super().__init__(
            Code.RESOURCE_EXHAUSTED, f"The body has more than {limit} bytes: see --{flag}"
        )


class LeftError(Exception):
    """The client has closed its connection."""


class Intake:
    """Receives bodies, of which no more than some bytes are in memory at a time.

    It belongs to one event loop.

    Args:
        max_body_bytes: What a request may have, as it is sent and unpacked.
        max_total_bytes: What all requests that are received, wait or are answered may have.
    """

    def __init__(self, max_body_bytes: int, max_total_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._max_total_bytes = max_total_bytes
        self._total = 0

    async def receive(self, receive: Receive, headers: Headers) -> bytes:
        """Returns the body of a request; `release` it once it is not needed any more.

        Raises:
            TooLargeError: It is larger than a request may be; it is not read to its end.
            StatusError: RESOURCE_EXHAUSTED if too much is in memory.
            LeftError: The client is gone.
        """
        announced = dict(headers).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._max_body_bytes:
            raise self._too_large()
        pieces: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise LeftError
                piece = message.get("body", b"")
                size += len(piece)
                self._total += len(piece)
                if size > self._max_body_bytes:
                    raise self._too_large()
                if self._total > self._max_total_bytes:
                    raise StatusError(
                        Code.RESOURCE_EXHAUSTED,
                        f"The requests under way have more than {self._max_total_bytes} bytes",
                    )
                pieces.append(piece)
                if not message.get("more_body"):
                    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except BaseException:
            self._total -= size
            raise

    def release(self, body: bytes) -> None:
        """Says that `body`, which `receive` has returned, is not needed any more."""
        self._total -= len(body)

    def _too_large(self) -> TooLargeError:
        return TooLargeError(self._max_body_bytes, "rest_api_max_body_bytes")


def unpacked(body: bytes, headers: Headers, max_bytes: int) -> bytes:
    """Returns a body without its compression, if it has one.

    Raises:
        TooLargeError: It is larger than `max_bytes` when unpacked.
        StatusError: INVALID_ARGUMENT if it cannot be unpacked.
    """
    if dict(headers).get(b"content-encoding", b"").lower() != b"gzip":
        return body
    pieces: list[bytes] = []
    size = 0
    try:
        while body:  # one member of a gzip file after the other
            unpacker = zlib.decompressobj(_GZIP)
            while not unpacker.eof:
                piece = unpacker.decompress(body, _PIECE_BYTES)
                body = unpacker.unconsumed_tail
                if not piece and not body and not unpacker.eof:
                    raise invalid_argument("Cannot unpack the gzip body: it is cut off")
                size += len(piece)
                if size > max_bytes:
                    raise TooLargeError(max_bytes, "rest_api_max_body_bytes")
                pieces.append(piece)
            body = unpacker.unused_data
    except zlib.error as error:
        raise invalid_argument(f"Cannot unpack the gzip body: {error}") from error
    return b"".join(pieces)
