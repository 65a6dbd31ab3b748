"""Text for people: broken at words in a terminal, and neither broken nor cut anywhere else.

What is redirected is read by programs and by people with other windows: a line is as long as it
is. A terminal shows whole words and whole numbers: a long line goes on below, indented, and a
table that is too wide goes on in another one below it.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from rich.cells import cell_len

from tfline.transforms.errors import TflineError

_GAP = 2
"""Blanks between two columns."""


def width_of(stream: IO[str] | None = None) -> int | None:
    """Returns the columns of a terminal, standard output by default; None: it is no terminal."""
    stream = sys.stdout if stream is None else stream
    return shutil.get_terminal_size().columns if stream.isatty() else None


def broken(text: str, width: int | None, hang: int = 4) -> str:
    """Returns lines broken at words.

    Args:
        text: One line, or several.
        width: Columns that there are; None: as many as it takes.
        hang: Blanks before what goes on below, beside those of the line itself. A word that is
            longer than a line, such as a path, stays whole.
    """
    if width is None:
        return text
    return "\n".join(_fill(line, width, hang) for line in text.split("\n"))


def _fill(line: str, width: int, hang: int) -> str:
    if len(line) <= width:
        return line
    words = line.lstrip()
    indent = line[: len(line) - len(words)]
    return textwrap.fill(
        words,
        width,
        initial_indent=indent,
        subsequent_indent=indent + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def say(text: str, stream: IO[str] | None = None, hang: int = 4) -> None:
    """Prints text to a stream, standard output by default; see `broken`."""
    stream = sys.stdout if stream is None else stream
    print(broken(text, width_of(stream), hang), file=stream)


def say_error(error: TflineError, command: str) -> None:
    """Prints an error to standard error: of a run with the component and the log of that run."""
    say(f"{error.component or f'tfline {command}'}: {error}", sys.stderr)
    if error.log is not None:
        say(f"  log: {error.log}", sys.stderr)


@dataclass(frozen=True)
class Grid:
    """A table of texts. The first columns name a row, and stand again in each part of a wide table.

    Attributes:
        header: The name of each column.
        rows: The cells of each row, as many as there are columns.
        names: How many columns name a row.
        left: How many of the first columns are flush left; the others are flush right, as
            numbers are.
        least: The least width of the first column.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int = 1
    left: int = 1
    least: int = 0

    def parts(self, width: int | None) -> list[tuple[int, ...]]:
        """Returns the columns of each part that fits into a width; one part if that is None."""
        columns = range(len(self.header))
        names, values = tuple(columns[: self.names]), columns[self.names :]
        taken = sum(self.width(column) + _GAP for column in names)
        parts: list[tuple[int, ...]] = [names]
        used = taken
        for column in values:
            used += self.width(column)
            if width is not None and used > width and parts[-1] != names:
                parts.append(names)
                used = taken + self.width(column)
            parts[-1] = (*parts[-1], column)
            used += _GAP
        return parts

    def width(self, column: int) -> int:
        """Returns the width of the widest cell of a column."""
        cells = [self.header[column], *(row[column] for row in self.rows)]
        return max(max(map(cell_len, cells)), self.least if column == 0 else 0)

    def line(self, cells: Sequence[str], part: Sequence[int]) -> str:
        """Returns the cells of the columns of a part, each at its place."""
        placed = []
        for column in part:
            blanks = " " * (self.width(column) - cell_len(cells[column]))
            placed.append(cells[column] + blanks if column < self.left else blanks + cells[column])
        return (" " * _GAP).join(placed).rstrip()
