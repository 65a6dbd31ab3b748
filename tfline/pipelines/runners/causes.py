"""Why a component has failed: the error that a user can act on, wherever it hides."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from tfline.pipelines.runners.own_code import find_frame
from tfline.transforms.errors import InternalError, OwnCodeError, TflineError, WorkFolderError


def root_cause(exc: BaseException, folder: Path) -> TflineError:
    """Returns the error that a user can act on, or an `InternalError` if there is none.

    Beam and TFX wrap errors in others; a full disk shows as many kinds of error.

    Args:
        exc: What was raised.
        folder: Of the disk that is written to.
    """
    chain = list(_chain(exc))
    for link in chain:
        if isinstance(link, TflineError):
            return _without_stage(link)
        full = isinstance(link, OSError) and link.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or "No space left on device" in str(link) or "disk is full" in str(link):
            return full_or_read_only(OSError(errno.ENOSPC, "No space left on device"), folder)
    first = _words(exc)
    frame = find_frame(chain)
    if frame is not None:
        return OwnCodeError(
            f"{frame.file}:{frame.line}: {first}",
            str(frame),
            "This is your own code. The log has the whole traceback.",
        )
    return InternalError(first, hint="This is an error inside; see the log.")


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """Yields an error, what it was raised from, and so on."""
    link: BaseException | None = exc
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _words(exc: BaseException) -> str:
    """Returns type and words of an error: of one that quotes a traceback, those at its end."""
    lines = [line.strip() for line in str(exc).strip().splitlines() if line.strip()]
    if "Traceback (most recent call last):" in lines or lines[:1] == ["in user code:"]:
        last = lines[-1].partition(" [while running '")[0]
        return last if ": " in last else f"{type(exc).__name__}: {last}"
    return f"{type(exc).__name__}: {lines[0] if lines else ''}".rstrip(": ")


def full_or_read_only(exc: OSError, where: Path) -> WorkFolderError:
    """Returns the error of a work folder that cannot be written."""
    return WorkFolderError(
        f"The work folder cannot be written: {exc.strerror}",
        str(where),
        "Free the disk, or name another folder with --work. What has finished is kept.",
    )


def _without_stage(error: TflineError) -> TflineError:
    """Returns the error without the name of the Beam stage that Beam adds to its message."""
    error.message = str(error.message).partition(" [while running '")[0]
    return error
