"""Fuzzes the decoders of requests, led by the lines that an input reaches.

    .venv/bin/pip install atheris
    .venv/bin/python -m tests.fuzz any_document_is_read_or_refused -runs=100000

The tests of `tests.unit.serving.server.test_decoders` say what to decode; the options are those of
libFuzzer. An input that breaks one of them ends the run and is written to a file.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["tfline.serving"]):
    from tests.unit.serving.server import test_decoders


def main() -> None:
    """Fuzzes the test that the command line names."""
    program, name, *options = sys.argv
    test = getattr(test_decoders, f"test_{name}")
    atheris.Setup([program, *options], test.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
