"""What may be used by many threads until it is closed, and by none afterwards."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from tfline.serving.server.status import Code, StatusError


class Lifetime:
    """Counts the uses of something; each is a context, and none begins once it is closed.

    Args:
        name: What it is, for the error of a use that comes too late.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition(threading.Lock())
        self._uses = 0
        self._closed = False

    def __enter__(self) -> None:
        with self._changed:
            if self._closed:
                raise StatusError(Code.UNAVAILABLE, f"{self._name} is unloaded")
            self._uses += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._uses -= 1
            if self._closed and not self._uses:
                self._changed.notify_all()

    def close(self, seconds: float) -> bool:
        """Lets no further use begin, and waits for those under way.

        Args:
            seconds: How long to wait at most.

        Returns:
            Whether this call has closed it and no use is left: the caller may free what it was.
        """
        end = time.monotonic() + seconds
        with self._changed:
            if self._closed:
                return False
            self._closed = True
            return self._changed.wait_for(lambda: not self._uses, max(0.0, end - time.monotonic()))
