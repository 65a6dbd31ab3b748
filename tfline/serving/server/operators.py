"""Operators that TensorFlow itself does not have: their libraries, loaded when a model needs them.

TensorFlow Serving links those of tensorflow-text and of decision forests. Here they come from the
wheels that are installed beside the server, without importing these; or from any library that
``--load_libraries`` names.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfline.serving.server.c_api import Status, library
from tfline.serving.server.status import StatusError, invalid_argument
from tfline.serving.wheels import find_wheel, missing_operator

logger = logging.getLogger(__name__)


class Operators:
    """The libraries of operators in this process; none is ever unloaded.

    A library registers its operators and kernels one by one, and whoever looks one up meanwhile
    holds TensorFlow's registry while it waits for it, for ever: neither is done while the other is.
    Sessions look operators up as they are loaded, and at the first run of a signature.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # of who loads libraries
        self._loaded: set[Path] = set()
        self._change = threading.Condition()
        self._users = 0
        self._registering = False

    @contextlib.contextmanager
    def looked_up(self) -> Iterator[None]:
        """Loads no library while operators are looked up inside this context."""
        with self._change:
            self._change.wait_for(lambda: not self._registering)
            self._users += 1
        try:
            yield
        finally:
            with self._change:
                self._users -= 1
                self._change.notify_all()

    @contextlib.contextmanager
    def _registered(self) -> Iterator[None]:
        """Has no operator looked up while a library is loaded inside this context."""
        with self._change:
            self._registering = True
            self._change.wait_for(lambda: not self._users)
        try:
            yield
        finally:
            with self._change:
                self._registering = False
                self._change.notify_all()

    def load(self, paths: Sequence[Path]) -> None:
        """Loads libraries, but for those that are there already.

        Raises:
            StatusError: INVALID_ARGUMENT if one cannot be loaded.
        """
        with self._lock:
            for path in paths:
                if path not in self._loaded:
                    self._load(path)

    def _load(self, path: Path) -> None:
        status = Status()
        with self._registered():
            library().TF_LoadLibrary(bytes(path), status.pointer)
        try:
            status.check()
        except StatusError as error:
            raise invalid_argument(
                f"The library of operators {path} cannot be loaded: {error.message}"
            ) from error
        self._loaded.add(path)
        logger.info("Loaded the operators of %s", path)

    def provide(self, error: StatusError) -> None:
        """Loads the operator that a model could not be loaded for.

        Args:
            error: What the load failed with.

        Raises:
            StatusError: `error`, if it is another one, or no library that is known has the
                operator; in that case it says where to find it.
        """
        operator = missing_operator(error.message)
        if operator is None:
            raise error
        wheel = find_wheel(operator)
        if wheel is None:
            hint = "name the library that has it with --load_libraries"
            raise _without(operator, hint, error) from error
        files = wheel.files()
        if not files:
            hint = f"it is in the wheel {wheel.name}: pip install {wheel.name}"
            raise _without(operator, hint, error) from error
        if self._loaded.issuperset(files):
            hint = f"the installed wheel {wheel.name} does not have it; another version may"
            raise _without(operator, hint, error) from error
        self.load(files)


def _without(operator: str, hint: str, error: StatusError) -> StatusError:
    return StatusError(
        error.code, f"The model needs the operator {operator}; {hint}. {error.message}"
    )


def split_paths(text: str) -> list[Path]:
    """Returns the paths of a list that is separated by commas."""
    return [Path(path.strip()) for path in text.split(",") if path.strip()]


OPERATORS = Operators()
"""Those of this process: TensorFlow's registry is one for all sessions."""
