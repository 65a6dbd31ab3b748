"""`tfline doctor`: is this machine fit to run a pipeline?

Example:
    tfline doctor
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from tfline.pipelines.environment import check_packages

_FREE_GIB = 5
_PORTS = (8500, 8501)

Finding = tuple[bool, str, str]
"""Whether it is fine, what was looked at, what was found and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Takes no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Prints a line a check; 2 if something must be mended."""
    fine = True
    for good, subject, text in _findings():
        print(f"{'ok  ' if good else 'FAIL'}  {subject:<28} {text}")
        fine = fine and good
    return 0 if fine else 2


def _findings() -> Iterator[Finding]:
    yield _python()
    yield _libc()
    for package in check_packages():
        yield package.fine, package.name, package.text
    yield _memory()
    yield _disk()
    yield _writable()
    for port in _PORTS:
        yield _port(port)


def _python() -> Finding:
    version = platform.python_version()
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return good, "Python", version if good else f"{version}; 3.11, 3.12 or 3.13 is needed"


def _libc() -> Finding:
    name, version = platform.libc_ver()
    if name != "glibc":
        return True, "C library", f"{platform.system()} {platform.machine()}"
    old = tuple(map(int, version.split(".")[:2])) < (2, 39)
    if old and sys.version_info[:2] != (3, 11):
        return False, "C library", f"glibc {version}; below 2.39 only Python 3.11 has wheels"
    return True, "C library", f"glibc {version}"


def _memory() -> Finding:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    good = gib >= 4
    return good, "memory", f"{gib:.0f} GiB" + ("" if good else "; 4 GiB is the least")


def _disk() -> Finding:
    gib = shutil.disk_usage(Path.cwd()).free / 2**30
    good = gib >= _FREE_GIB
    return good, "disk", f"{gib:.0f} GiB free" + ("" if good else f"; {_FREE_GIB} GiB is the least")


def _writable() -> Finding:
    good = os.access(Path.cwd(), os.W_OK)
    return good, "current folder", str(Path.cwd()) + ("" if good else " cannot be written")


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - where TF Serving listens
        except OSError:
            return False, f"port {port}", "in use; `tfline serve --port` takes another one"
    return True, f"port {port}", "free"
