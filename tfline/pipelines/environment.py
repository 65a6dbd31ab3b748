"""Is what tfline needs installed, and does it fit together? Read from metadata, without imports.

An environment can be half right. TensorFlow Extended's own metadata is not what it runs with, so
an installer that follows it, or that was asked for something else later, puts another version in
place, and what fails is an import in the middle of a run. What counts is what tfline asks for.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "requirements"

LOCK = _FOLDER / "lock.txt"
"""Every package at the version with which this release was run."""

OVERRIDES = _FOLDER / "overrides.txt"
"""What an installer has to take in place of the metadata of TensorFlow Extended."""

MEND = 'pip install --no-deps -r "$(tfline requirements)"'
"""The line that installs what tfline needs; with ``uv pip`` too."""

SHOWN = (
    "tfx",
    "tensorflow",
    "keras",
    "tensorflow-transform",
    "tensorflow-data-validation",
    "tensorflow-model-analysis",
    "tensorflow-serving-api",
    "apache-beam",
    "ml-metadata",
    "tfx-bsl",
    "protobuf",
    "numpy",
    "pyarrow",
)
"""Packages whose version is shown in any case."""

_TOGETHER = ("tensorflow-data-validation", "ml-metadata")
"""Both have an older version for older systems; they were run both older or both newer."""
_NEWER = (1, 21)

Installed = Mapping[str, importlib.metadata.Distribution]


@dataclass(frozen=True)
class Package:
    """What is to be said of a package.

    Attributes:
        name: Its name.
        text: Its version; what is wrong, and what mends it.
        fine: Whether nothing is.
    """

    name: str
    text: str
    fine: bool = True


def check_packages(path: Sequence[str] | None = None) -> Iterator[Package]:
    """Yields the packages that matter, and every one with which something is wrong.

    Args:
        path: Folders with installed packages; None: those of this interpreter.
    """
    installed = _installed(path)
    if "packaging" not in installed:  # by which versions are compared
        yield Package("packaging", f"not installed; {MEND}", fine=False)
        return
    wrong = {**_missing(installed), **_misfits(installed), **_mixed(installed)}
    for name in SHOWN:
        if name in installed and name not in wrong:
            yield Package(name, installed[name].version)
    for name, text in sorted(wrong.items()):
        yield Package(name, f"{text}; {MEND}", fine=False)


def _installed(path: Sequence[str] | None) -> Installed:
    found = (
        importlib.metadata.distributions()
        if path is None
        else importlib.metadata.distributions(path=list(path))
    )
    first: dict[str, importlib.metadata.Distribution] = {}
    for distribution in found:
        first.setdefault(_normal(distribution.name), distribution)
    return first


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(distribution: importlib.metadata.Distribution) -> Iterator[tuple[str, str]]:
    """Yields what a package needs here, without its extras: name and versions."""
    from packaging.requirements import Requirement

    for text in distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _normal(requirement.name), str(requirement.specifier)


def _missing(installed: Installed) -> dict[str, str]:
    """Returns the packages that tfline, or one that it needs, asks for in vain."""
    missing: dict[str, str] = {}
    seen = {"tfline"}
    waiting = ["tfline"]
    while waiting:
        name = waiting.pop()
        for needed, _ in _requirements(installed[name]):
            if needed not in installed:
                missing.setdefault(needed, f"not installed, and {name} needs it")
            elif needed not in seen:
                seen.add(needed)
                waiting.append(needed)
    return missing


def _misfits(installed: Installed) -> dict[str, str]:
    """Returns the packages whose version tfline does not run with."""
    from packaging.specifiers import SpecifierSet

    return {
        name: f"{installed[name].version}, and tfline needs {versions}"
        for name, versions in _requirements(installed["tfline"])
        if name in installed
        and not SpecifierSet(versions).contains(installed[name].version, prereleases=True)
    }


def _mixed(installed: Installed) -> dict[str, str]:
    """Returns those that are installed in an older and a newer version."""
    from packaging.version import Version

    found = {name: installed[name].version for name in _TOGETHER if name in installed}
    newer = {Version(version).release[:2] >= _NEWER for version in found.values()}
    if len(newer) < 2:
        return {}
    pair = " with ".join(f"{name} {version}" for name, version in found.items())
    return dict.fromkeys(found, f"{pair} was never run")
