"""What a runner tells while it runs, and how the components' own words reach it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

SUMMARY = "tfline.summary"
"""Logger of the one line that a component says about its result."""

WARNING = "tfline.warning"
"""Logger of what a component wants people to know before they trust its result."""

PROGRESS = "tfline.progress"
"""Logger of what a component is doing now."""


class Listener(Protocol):
    """Is told how a run goes."""

    def started(self, component: str) -> None:
        """A component starts; empty for the time before the first one."""

    def progressed(self, text: str) -> None:
        """The component that runs says what it is doing."""

    def finished(self, component: str, seconds: float, cached: bool, summary: str) -> None:
        """A component has finished."""

    def noted(self, text: str) -> None:
        """Something is to be said of the run as a whole."""


class Silence:
    """A listener that shows nothing."""

    def started(self, component: str) -> None:
        """Does nothing."""

    def progressed(self, text: str) -> None:
        """Does nothing."""

    def finished(self, component: str, seconds: float, cached: bool, summary: str) -> None:
        """Does nothing."""

    def noted(self, text: str) -> None:
        """Does nothing."""


class _Relay(logging.Handler):
    """Passes the messages of one logger on."""

    def __init__(self, receive: Callable[[str], None]) -> None:
        super().__init__()
        self._receive = receive

    def emit(self, record: logging.LogRecord) -> None:
        self._receive(record.getMessage())


@contextlib.contextmanager
def relayed(logger: str, receive: Callable[[str], None]) -> Iterator[None]:
    """Passes every message of `logger` to `receive` inside the context."""
    handler = _Relay(receive)
    source = logging.getLogger(logger)
    source.addHandler(handler)
    try:
        yield
    finally:
        source.removeHandler(handler)


@contextlib.contextmanager
def output_to_log(log: Path) -> Iterator[IO[str]]:
    """Sends everything that is written to the terminal into a file, TensorFlow's C++ too.

    Where Python's standard output is no descriptor, as in a notebook, it is sent there as well.

    Args:
        log: The file; appended to.

    Yields:
        A stream that still writes to where standard output went.
    """
    root, old_level = logging.getLogger(), logging.getLogger().level
    sys.stdout.flush()
    sys.stderr.flush()
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(log.open("a", encoding="utf-8", buffering=1))
        originals = [os.dup(1), os.dup(2)]
        terminal: IO[str] = sys.stdout
        if _is_descriptor(sys.stdout, 1):
            terminal = stack.enter_context(os.fdopen(os.dup(1), "w", buffering=1))
        else:
            stack.enter_context(contextlib.redirect_stdout(file))
            stack.enter_context(contextlib.redirect_stderr(file))
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
        root.setLevel(logging.INFO)
        stack.enter_context(warnings.catch_warnings())
        logging.captureWarnings(True)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in enumerate(originals, start=1):
                os.dup2(original, descriptor)
                os.close(original)
            logging.captureWarnings(False)
            root.removeHandler(handler)
            root.setLevel(old_level)


def _is_descriptor(stream: IO[str], number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError, AttributeError):  # a notebook's, or a test's
        return False
