"""The threads that answer gRPC calls: those that wait for a client's message do not count.

gRPC for Python gives a call its thread as soon as the headers are there, and has it wait for the
message. With a fixed number of threads as many clients that never send one would stop the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_LOOK_SECONDS = 0.05
_STALLED_SECONDS = 0.05  # a message that is not there by then has its thread replaced

_here = threading.local()  # `waiting`: that of the threads of which this one is

_Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class CallThreads(ThreadPoolExecutor):  # gRPC takes no other
    """Answers so many calls at a time, beside those that wait for their message.

    Args:
        count: Calls that are answered at a time.
        name: What the names of the threads begin with.
    """

    def __init__(self, count: int, name: str) -> None:
        super().__init__(count, name)
        self._count = count
        self._name = name
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._alive = 0
        self._waiting: dict[int, float] = {}  # since when, by thread
        self._ended = threading.Event()
        threading.Thread(target=self._replace, name=f"{name}-watch", daemon=True).start()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Has a thread answer a call: `fn` waits for its message, and answers it."""
        future: Future[T] = Future()
        self._tasks.put((future, fn, args, kwargs))
        if self._alive < self._count:
            self._grow(self._count)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the threads once they have answered what they were given."""
        self._ended.set()
        with self._lock:
            for _ in range(self._alive):
                self._tasks.put(None)

    def _grow(self, count: int) -> None:
        """Starts a thread if there are less than `count`."""
        with self._lock:
            if self._alive >= count or self._ended.is_set():
                return
            self._alive += 1
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        thread = threading.get_ident()
        _here.waiting = self._waiting
        while (task := self._tasks.get()) is not None:
            future, fn, args, kwargs = task
            self._waiting[thread] = time.monotonic()
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # as those of the standard library do
                future.set_exception(error)
            finally:
                self._waiting.pop(thread, None)
            del task, future, fn, args, kwargs  # a call is not kept until the next one
            if self._alive > self._count and self._is_surplus():
                return

    def _is_surplus(self) -> bool:
        """Tells whether this thread is to end: those it stood in for have their messages."""
        with self._lock:
            surplus = self._alive > self._count + self._stalled()
            self._alive -= surplus
        return surplus

    def _stalled(self) -> int:
        """Returns how many threads wait for a message that should be there by now."""
        begun_before = time.monotonic() - _STALLED_SECONDS
        return sum(begun < begun_before for begun in list(self._waiting.values()))

    def _replace(self) -> None:
        """Starts a thread for each that waits for a message while there are calls to answer."""
        while not self._ended.wait(_LOOK_SECONDS):
            wanted = self._count + self._stalled()
            for _ in range(min(self._tasks.qsize(), wanted - self._alive)):
                self._grow(wanted)


def arrived() -> None:
    """Says that the message of the call that this thread answers is there."""
    _here.waiting.pop(threading.get_ident(), None)
