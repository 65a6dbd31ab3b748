"""What TensorFlow's libraries say of the machine when they are first imported."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

_GREETING = re.compile(
    rb"^(WARNING: All log messages before absl|To enable the following instructions|[IWE]\d{4} ).*"
)
"""A line of the C++ libraries' log: no setting of TensorFlow's silences all of them."""


@contextlib.contextmanager
def without_greetings() -> Iterator[None]:
    """Keeps back the lines of TensorFlow's log, if it is imported inside; passes on all others."""
    if "tensorflow" in sys.modules:
        yield
        return
    sys.stderr.flush()
    original = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            said.seek(0)
            others = b"".join(line for line in said if not _GREETING.match(line))
            os.write(original, others)
            os.close(original)
