"""Output that is there whole or not at all."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tfline.transforms.errors import DataError


@contextlib.contextmanager
def staged_folder(out_dir: Path) -> Iterator[Path]:
    """Yields a temporary folder whose files move to `out_dir` when the block succeeds.

    Files of the same name are replaced, each in one step, unless they are equal: then the old one
    keeps its time, by which a pipeline's cache knows it. Others in `out_dir` stay. When the block
    fails, `out_dir` is as it was.

    Args:
        out_dir: The destination; created with its parents if it is missing.

    Yields:
        An empty folder beside `out_dir`, on the same file system.

    Raises:
        DataError: The destination cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            out_dir.parent.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))
            stack.callback(shutil.rmtree, staging, ignore_errors=True)
            yield staging
            out_dir.mkdir(exist_ok=True)
            for file in sorted(staging.iterdir()):
                target = out_dir / file.name
                if not (target.is_file() and filecmp.cmp(file, target, shallow=False)):
                    os.replace(file, target)
        except OSError as exc:
            where = str(exc.filename or out_dir)
            raise DataError(f"Cannot write: {exc.strerror or exc}.", where=where) from exc


@contextlib.contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """Yields the path of a temporary file that becomes `path` when the block succeeds."""
    with staged_folder(path.parent) as staging:
        yield staging / path.name
