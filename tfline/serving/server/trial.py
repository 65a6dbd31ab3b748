"""Loads a version, and ends: what `--enable_trial_load` runs before the server loads it itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tfline.serving.server.flags import Flags
from tfline.serving.server.loading import Loader
from tfline.serving.server.monitoring import Metrics
from tfline.serving.server.status import StatusError


def main(name: str, version: str, folder: str) -> int:
    """Loads a version, with the settings of the standard input."""
    flags = Flags(**json.load(sys.stdin))
    try:
        Loader(flags, Metrics())(name, int(version), Path(folder))
    except StatusError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
