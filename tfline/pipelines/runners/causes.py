"""Why a component has failed: the error that a user can act on, wherever it hides."""

from __future__ import annotations

import errno
from pathlib import Path

from tfline.transforms.errors import TflineError, WorkFolderError


def root_cause(exc: BaseException, folder: Path) -> BaseException:
    """Returns the error that a user can act on, or `exc` itself.

    Beam and TFX wrap errors in others; a full disk shows as many kinds of error.

    Args:
        exc: What was raised.
        folder: Of the disk that is written to.
    """
    link: BaseException | None = exc
    while link is not None:
        if isinstance(link, TflineError):
            return _without_stage(link)
        full = isinstance(link, OSError) and link.errno in (errno.ENOSPC, errno.EDQUOT)
        if full or "No space left on device" in str(link) or "disk is full" in str(link):
            return full_or_read_only(OSError(errno.ENOSPC, "No space left on device"), folder)
        link = link.__cause__ or link.__context__
    return exc


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
