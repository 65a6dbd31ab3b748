"""The content of HTTP requests: received, unpacked and read within the limits of memory."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

from tfline.serving.server.status import Code, StatusError, invalid_argument

_GZIP = zlib.MAX_WBITS | 16  # the format, for zlib
_PIECE_BYTES = 1 << 20

# What values of a JSON document take, at most: with its place in a list and in a tensor.
_NUMBER_BYTES, _STRING_BYTES, _LIST_BYTES, _OBJECT_BYTES = 48, 80, 72, 200
_CHARACTER_BYTES = 4  # of a text that has any beyond the 16-bit ones
_VALUE_BYTES_A_BYTE = 40  # of the worst document

Receive = Callable[[], Awaitable[Any]]
"""Returns the next message of an ASGI connection."""

Headers = Iterable[tuple[bytes, bytes]]


class TooLargeError(StatusError):
    """A request exceeds what one may have."""

    def __init__(self, what: str, limit: int, flag: str) -> None:
        super().__init__(
            Code.RESOURCE_EXHAUSTED, f"The {what} has more than {limit} bytes: see --{flag}"
        )


class LeftError(Exception):
    """The client has closed its connection."""


class Memory:
    """What all requests under way have in memory, of whatever thread.

    Args:
        limit: The most bytes that they may have.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Takes `size` bytes more, or fewer if negative; tells whether they are there."""
        with self._lock:
            fits = self._taken + size <= self.limit
            if fits:
                self._taken += size
        return fits


class Share:
    """What one request has in memory: a context, at whose end it has nothing any more.

    Args:
        memory: That of all requests.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._memory.take(-self._taken)

    def take(self, size: int) -> None:
        """Takes `size` bytes more.

        Raises:
            TooLargeError: The request alone has more than all may have.
            StatusError: RESOURCE_EXHAUSTED if all together have.
        """
        if self._memory.take(size):
            self._taken += size
            return
        limit = self._memory.limit
        if self._taken + size > limit:
            raise TooLargeError("request, unpacked and read,", limit, "rest_api_max_total_bytes")
        raise StatusError(
            Code.RESOURCE_EXHAUSTED, f"The requests under way have more than {limit} bytes"
        )

    def take_document(self, text: bytes) -> None:
        """Takes what the values of a JSON document will have: of some that is many times its text.

        Raises:
            StatusError: As `take`.
        """
        most = _VALUE_BYTES_A_BYTE * len(text)  # to count takes as long as to read
        if self._memory.take(most):
            self._taken += most
        else:
            self.take(_document_bytes(text))


def _document_bytes(text: bytes) -> int:
    """Returns about what the values of a document take: as Python's objects, and as a tensor."""
    lists, objects, strings = text.count(b"["), text.count(b"{"), text.count(b'"') // 2
    values = text.count(b",") + lists + objects
    characters = len(text) * (1 if text.isascii() else _CHARACTER_BYTES)
    return (
        characters
        + values * _NUMBER_BYTES
        + lists * _LIST_BYTES
        + objects * _OBJECT_BYTES
        + strings * _STRING_BYTES
    )


async def received(receive: Receive, headers: Headers, max_bytes: int, share: Share) -> bytes:
    """Returns the body of a request.

    Args:
        receive: Gives its pieces.
        headers: Of the request.
        max_bytes: What it may have; it is not read any further.
        share: Has what was received.

    Raises:
        TooLargeError: It is larger than that.
        StatusError: RESOURCE_EXHAUSTED if too much is in memory.
        LeftError: The client is gone.
    """
    announced = dict(headers).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(max_bytes)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise LeftError
        piece = message.get("body", b"")
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        share.take(len(piece))
        pieces.append(piece)
        if not message.get("more_body"):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def unpacked(body: bytes, headers: Headers, max_bytes: int, share: Share) -> bytes:
    """Returns a body without its compression, if it has one; `share` has it too.

    Raises:
        TooLargeError: It is larger than `max_bytes` when unpacked.
        StatusError: INVALID_ARGUMENT if it cannot be unpacked; RESOURCE_EXHAUSTED if too much is in
            memory.
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
                    raise _too_large(max_bytes)
                share.take(len(piece))
                pieces.append(piece)
            body = unpacker.unused_data
    except zlib.error as error:
        raise invalid_argument(f"Cannot unpack the gzip body: {error}") from error
    return b"".join(pieces)


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError("body", max_bytes, "rest_api_max_body_bytes")
