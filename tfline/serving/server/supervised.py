"""A server that ends with the process that started it: see `tfline.serving.process`.

Its standard input is a pipe from that process, which the system closes however that one ends.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_input, daemon=True).start()
    runpy.run_module("tfline.serving.server", run_name="__main__")
