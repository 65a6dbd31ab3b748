"""Small files that others read at any time: each is written whole, or not at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Writes a file by one rename of a finished, flushed one; two writers never share one.

    Args:
        path: The file; readable for whom the user's umask lets read.
        text: What will be in it.

    Raises:
        OSError: It cannot be written; what was there stays, and nothing is left beside it.
    """
    staged = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    flush(path.parent)


def flush(path: Path) -> None:
    """Has the disk keep a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
