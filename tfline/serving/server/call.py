"""What the sender of a request still wants: until when, and whether at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tfline.serving.server.status import Code, StatusError


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a client.

    Attributes:
        deadline: When its answer is of no use any more, by `time.monotonic`; None: never.
        active: Whether the client still waits.
        request: The request as it came over gRPC, for the request log; empty if there is none.
    """

    deadline: float | None = None
    active: Callable[[], bool] = _always
    request: bytes = b""

    @classmethod
    def within(cls, seconds: float | None, active: Callable[[], bool] = _always) -> Call:
        """Returns a call that has `seconds` left; None: no limit."""
        return cls(None if seconds is None else time.monotonic() + seconds, active)

    def seconds_left(self) -> float | None:
        """Returns what remains until the deadline, negative once it has passed; None: no limit."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def check(self) -> None:
        """Raises if nobody needs the answer any more.

        Raises:
            StatusError: DEADLINE_EXCEEDED or CANCELLED.
        """
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise deadline_exceeded()
        if not self.active():
            raise StatusError(Code.CANCELLED, "The client has left")


ENDLESS = Call()
"""A call without a deadline, whose sender waits: of a warm-up, for example."""


def deadline_exceeded() -> StatusError:
    """Returns the error for a request that was not done in time."""
    return StatusError(Code.DEADLINE_EXCEEDED, "The deadline has passed")
