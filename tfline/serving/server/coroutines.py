"""Running the handlers of requests from a thread: they are coroutines that wait for the model."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Run(Protocol):
    """Runs a coroutine to its end: `run_here`, or, if it may have to wait, `asyncio.run`."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T:
        """Returns the coroutine's result, or raises its error."""


def run_here(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that never suspends, such as that of a `SessionRunner`: without a loop.

    Raises:
        RuntimeError: It suspends.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError("A coroutine waits, and there is no event loop")
