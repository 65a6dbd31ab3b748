"""The line of the user's own code that an error came through, if there is one.

Frames are looked for in the tracebacks and, since AutoGraph and Beam's workers put a traceback into
the words of an error, in its words, too.
"""

from __future__ import annotations

import dataclasses
import linecache
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_QUOTED = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_INSTALLED = {"site-packages", "dist-packages"}


@dataclasses.dataclass(frozen=True)
class Frame:
    """A place in a source file that was being executed.

    Attributes:
        file: The file; from the current folder if it is below it.
        line: The line, from 1.
        function: The function around it.
    """

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        code = linecache.getline(self.file, self.line).strip()
        return f"in {self.function}" + (f": {code}" if code else "")


def find_frame(errors: Iterable[BaseException]) -> Frame | None:
    """Returns the innermost frame in the user's own code; None if there is none.

    Args:
        errors: An error, and those that it was raised from.
    """
    for error in errors:
        frames = [
            (frame.filename, frame.lineno or 0, frame.name)
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        frames += [(file, int(line), name) for file, line, name in _QUOTED.findall(str(error))]
        own = [frame for frame in frames if _is_own(frame[0])]
        if own:
            file, line, function = own[-1]
            return Frame(_shown(file), line, function)
    return None


def _is_own(file: str) -> bool:
    """Returns whether a file is the user's: neither tfline's, nor Python's, nor installed."""
    path = Path(file)
    if not path.is_file():  # the cells of a notebook are known by their lines alone
        return bool(linecache.getline(file, 1)) and "ipykernel" in file
    return not (
        {*path.parts} & _INSTALLED
        or path.name.startswith("__autograph_generated_file")
        or any(path.is_relative_to(folder) for folder in _foreign())
    )


@cache
def _foreign() -> tuple[Path, ...]:
    tfline = Path(__file__).parents[2]
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    return (tfline, *installed, Path(sys.prefix, "bin"))


def _shown(file: str) -> str:
    path, folder = Path(file), Path.cwd()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else file
