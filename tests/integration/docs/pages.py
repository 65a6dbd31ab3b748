"""What stands on the pages of the project: their blocks of code, in order.

A comment in HTML before a block says how it is to be taken: ``<!-- exit code 2 -->``,
``<!-- not run: REASON -->``, or ``<!-- run by TEST -->`` where another test runs it. A `text` block
is what the block before it prints, with ``...`` for what differs from run to run.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_NOTE = re.compile(r"<!-- (.*?) -->\s*$")


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: The file that it stands in.
        line: Where it begins.
        language: As it is written; may be empty.
        title: The file that it is; empty: none.
        text: What stands in it.
        note: The comment before it; may be empty.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str
    note: str

    @property
    def is_run(self) -> bool:
        """Whether it can be run here."""
        return not self.note.startswith(("not run: ", "run by "))

    @property
    def where(self) -> str:
        """The place to name in a failure."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Returns the pages that are written by hand."""
    guides = ("README.md", "CONTRIBUTING.md", "tfline/serving/README.md", "kubeflow/README.md",
              "tfline/components/trainer/models/README.md")  # fmt: skip
    return [*(ROOT / guide for guide in guides), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, *languages: str) -> list[Block]:
    """Returns the blocks of a page; only those of some languages, if any are given."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        note = _NOTE.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 1
        block = Block(
            page, line, match["language"], match["title"] or "", match["text"],
            note[1] if note else "",
        )  # fmt: skip
        if not languages or block.language in languages:
            found.append(block)
    return found


def commands(block: Block) -> Iterator[str]:
    """Yields the commands of a block; one goes on where a line ends in the middle of it."""
    waiting = ""
    for line in block.text.splitlines():
        waiting += line
        if waiting.endswith("\\"):
            waiting = waiting[:-1]
        elif waiting.endswith("|"):
            waiting += " "
        elif _is_whole(waiting):
            if waiting.strip() and not waiting.lstrip().startswith("#"):
                yield waiting.strip()
            waiting = ""
        else:
            waiting += "\n"


def _is_whole(command: str) -> bool:
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return True
