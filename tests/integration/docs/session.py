"""Runs the blocks of a page as a reader would: files are written, commands run, outputs compared.

Commands of tfline run in this process, so that TensorFlow is imported once for all pages.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.docs.pages import ROOT, Block, blocks, commands
from tfline.components.example_gen.tfrecord import read_records, write_records
from tfline.pipelines import cli

PORTS = ("8500", "8501")
"""The ports of the pages; each session takes free ones in their place."""

_TFLINE = re.compile(
    r"^(?:(?P<source>.+) \| )?tfline (?P<arguments>[^>|]*)(?:> (?P<to>\S+))?$", re.DOTALL
)
_START_SECONDS = 60.0
_SHELL_SECONDS = 300.0
"""What takes longer has started something that does not end."""


class Session:
    """A folder in which pages are followed.

    Args:
        folder: Where.
        most_records: How many records of each catalog file are kept, to keep the tests short.
    """

    def __init__(self, folder: Path, most_records: int) -> None:
        self.folder = folder
        self._most_records = most_records
        self._ports: dict[str, str] = {}
        self._servers: list[subprocess.Popen[bytes]] = []
        self._names: dict[str, Any] = {}

    def follow(self, page: Path, capture: pytest.CaptureFixture[str]) -> None:
        """Runs all blocks of a page."""
        self._names = {"__name__": "page"}
        self._ports = {port: str(_free_port()) for port in PORTS}
        printed = ""
        for block in blocks(page):
            if block.language == "text" and block.is_run:
                assert matches(block.text, printed), f"{block.where} prints\n{printed}"
            elif block.is_run:
                printed = self._run(block, capture)

    def end_servers(self) -> None:
        """Ends what a page has started."""
        while self._servers:
            server = self._servers.pop()
            server.terminate()
            server.wait(timeout=30)

    def _run(self, block: Block, capture: pytest.CaptureFixture[str]) -> str:
        """Runs a block and returns what it prints."""
        if block.title:
            file = self.folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
            return ""
        capture.readouterr()
        if block.language == "python":
            exec(compile(self._with_ports(block.text), block.where, "exec"), self._names)
        elif block.language == "sh":
            wanted = re.match(r"exit code (\w+)", block.note)
            codes = [self._command(command, block) for command in commands(block)]
            if wanted is None:
                assert set(codes) <= {0}, f"{block.where}: {codes}\n{capture.readouterr()}"
            else:
                assert wanted[1] in ("any", str(codes[-1])), f"{block.where}: {codes}"
        out, error = capture.readouterr()
        return out + error

    def _command(self, command: str, block: Block) -> int:
        command = self._with_ports(command)
        match = _TFLINE.match(command)
        if command.startswith("tfline serve "):
            return self._serve(command)
        if match is None:
            return self._in_shell(command)
        arguments = self._words(match["arguments"])
        given = self._output(match["source"]) if match["source"] else b""
        with self._redirected(match["to"]), _as_input(given), _fresh_modules(self.folder):
            try:
                code = cli.main(arguments)
            except SystemExit as exc:
                raise AssertionError(f"{block.where}: {command}") from exc
        if arguments[0] == "data" and (self.folder / "data" / arguments[1]).is_dir():
            self._cut(self.folder / "data" / arguments[1])
        return code

    def _serve(self, command: str) -> int:
        words = [sys.executable, "-m", "tfline.pipelines.cli", *self._words(command)[1:]]
        self._servers.append(subprocess.Popen(words, cwd=self.folder, stdout=subprocess.DEVNULL))
        port = words[words.index("--port") + 1] if "--port" in words else PORTS[0]
        _wait_for(int(port), self._servers[-1])
        return 0

    def _words(self, text: str) -> list[str]:
        """Returns the words of a command, as the shell makes them."""
        printed = self._output(f'for word in {text}\ndo printf "%s\\0" "$word"; done')
        return printed.decode().split("\0")[:-1]

    def _in_shell(self, command: str) -> int:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            timeout=_SHELL_SECONDS,
        )
        print(done.stdout.decode(), end="")
        print(done.stderr.decode(), end="", file=sys.stderr)
        return done.returncode

    def _output(self, command: str) -> bytes:
        return subprocess.check_output(["bash", "-c", command], cwd=self.folder, env=_environment())

    @contextlib.contextmanager
    def _redirected(self, to: str | None) -> Iterator[None]:
        if to is None:
            yield
            return
        with (self.folder / to).open("w") as file, contextlib.redirect_stdout(file):
            yield

    def _cut(self, folder: Path) -> None:
        """Keeps the first records of each file."""
        for file in folder.glob("*.tfrecord"):
            write_records(file, [*itertools.islice(read_records(file), self._most_records)])

    def _with_ports(self, text: str) -> str:
        for port, free in self._ports.items():
            text = text.replace(port, free)
        return text


def matches(expected: str, printed: str) -> bool:
    """Tells whether an output is what a page shows; ``...`` is anything."""
    parts = map(re.escape, _stripped(expected).split("..."))
    return re.fullmatch(".*".join(parts), _stripped(printed), re.DOTALL) is not None


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _environment() -> dict[str, str]:
    binaries = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + _START_SECONDS
    while time.monotonic() < limit:
        assert process.poll() is None, "the server has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@contextlib.contextmanager
def _as_input(text: bytes) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        yield


@contextlib.contextmanager
def _fresh_modules(folder: Path) -> Iterator[None]:
    """Forgets the modules of the folder afterwards, as a new process would."""
    before, path = set(sys.modules), [*sys.path]
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]
