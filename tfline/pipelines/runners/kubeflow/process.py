"""The process of a step: its arguments, its log, and how it ends."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from tfline.pipelines.runners.causes import root_cause

_log = logging.getLogger("tfline.step")


def step_parser() -> argparse.ArgumentParser:
    """Returns a parser of the arguments that every step has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--executor-input", required=True, help="JSON of an ExecutorInput")
    parser.add_argument("--input", action="append", default=[], help="NAME=FOLDER of an input")
    parser.add_argument("--output", action="append", default=[], help="NAME=FOLDER of an output")
    parser.add_argument("--root", default="", help="folder of a volume that keeps the artifacts")
    return parser


def folders(arguments: argparse.Namespace) -> dict[str, dict[str, str]]:
    """Returns the folders that the launcher gives, by side and name."""
    return {
        "inputs": dict(word.split("=", 1) for word in arguments.input),
        "outputs": dict(word.split("=", 1) for word in arguments.output),
    }


def run_step(main: Callable[[Sequence[str]], None]) -> NoReturn:
    """Runs a step and ends the process, at once.

    The native libraries of TensorFlow, Arrow and Beam take each other down in the interpreter's
    own shutdown now and then, after all work is done; a step that has succeeded would fail.

    Args:
        main: The step; is given the arguments of the process.
    """
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    code = 0
    try:
        main(sys.argv[1:])
    except Exception as exc:
        _log.exception("The step has failed")
        cause = root_cause(exc, Path(tempfile.gettempdir()))
        print(f"{type(cause).__name__}: {cause}", file=sys.stderr)
        code = cause.exit_code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
