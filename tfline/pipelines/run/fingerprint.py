"""Fingerprints: what a component's result depends on, part by part.

TFX's cache key holds the dotted path of the code that runs, never its content, so an edit would
hit a stale cache. Here each component gets the content of every source file that it reaches, of
its section of the spec and of the files it reads, and the key is made of all of them. The parts
are kept, so that it can be told which one changed.

A source file counts by its syntax tree: comments and layout change nothing. No TensorFlow here.
"""

from __future__ import annotations

import ast
import dataclasses
import datetime
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

Parts = dict[str, str]
"""What something depends on: a readable name to a short content or digest."""

_PACKAGES = ("tfline.transforms.", "tfline.metrics.", "tfline.components.")
_STACK = ("tfx", "tensorflow", "tensorflow-transform", "tensorflow-data-validation", "keras")


def digest(parts: Mapping[str, str]) -> str:
    """Returns the fingerprint of all parts."""
    text = json.dumps(dict(parts), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def source_parts(modules: Iterable[str], exclude: Collection[str] = ()) -> Parts:
    """Returns a part for every source file that `modules` reach by imports.

    Args:
        modules: Names of modules to start from; tfline's or the user's own.
        exclude: Modules that are not followed: families that the spec does not use.

    Returns:
        ``source <module>`` to the digest of its syntax tree.
    """
    waiting = list(modules)
    parts: Parts = {}
    while waiting:
        name = waiting.pop()
        if f"source {name}" in parts or name in exclude:
            continue
        path = _source_file(name)
        if path is None:
            continue
        source = _read_source(name, path, os.stat(path).st_mtime_ns)
        parts[f"source {name}"] = source.digest
        waiting += [found for found in source.imports if _is_followed(found, name)]
    return parts


def _is_followed(module: str, importer: str) -> bool:
    """Returns whether the source of what `importer` imports counts: tfline's own computes it."""
    top = module.partition(".")[0]
    return module.startswith(_PACKAGES) if top == "tfline" else top == importer.partition(".")[0]


def function_modules(functions: Iterable[Callable[..., Any]]) -> set[str]:
    """Returns the modules that functions are defined in."""
    return {function.__module__ for function in functions}


def dotted_modules(names: Iterable[str]) -> set[str]:
    """Returns the modules of those names that are dotted paths: the user's own."""
    return {name.rpartition(".")[0] for name in names if "." in name}


def value_parts(prefix: str, value: Any) -> Parts:
    """Returns a part for every leaf of a JSON value, named by its path below `prefix`."""
    if isinstance(value, Mapping) and value:
        return {
            name: part
            for key, child in value.items()
            for name, part in value_parts(f"{prefix}.{key}", child).items()
        }
    return {prefix: json.dumps(value, ensure_ascii=False)}


def file_parts(name: str, files: Sequence[str], *, by_content: bool = False) -> Parts:
    """Returns a part for every file.

    Args:
        name: Of the parts.
        files: The files.
        by_content: Read them, instead of looking at the size in bytes and at when they were last
            modified; for copies that are made anew for each run.
    """
    parts: Parts = {}
    for file in files:
        status = os.stat(file)
        version = _file_digest(file) if by_content else _time(status.st_mtime_ns)
        parts[f"{name} {file}"] = f"{status.st_size:,} bytes, {version}"
    return parts


def _time(nanoseconds: int) -> str:
    """Returns a time such as ``2026-03-01 12:30:05.000000001 UTC``, to the nanosecond."""
    seconds, rest = divmod(nanoseconds, 10**9)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{rest:09} UTC"


def _file_digest(file: str) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:32]


@cache
def stack_parts() -> Parts:
    """Returns the versions of the packages that compute."""
    return {f"package {name}": importlib.metadata.version(name) for name in _STACK}


def environment_digest() -> str:
    """Returns a digest of the names and versions of all installed packages."""
    folders = {Path(entry) for entry in sys.path if entry and os.path.isdir(entry)}
    names = {path.stem for folder in folders for path in folder.glob("*.dist-info")}
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]


def _source_file(module: str) -> Path | None:
    """Returns the file of a module; None if it is not Python source.

    Only the top-level name is asked of the import system: a question for a sub-module would run
    the packages above it.
    """
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for root in spec.submodule_search_locations or ():
        path = Path(root, *rest)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


@dataclasses.dataclass(frozen=True)
class _Source:
    """What counts of a source file."""

    digest: str
    imports: tuple[str, ...]


@cache
def _read_source(name: str, path: Path, modified: int) -> _Source:  # noqa: ARG001 - a cache key
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree_digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]
    return _Source(tree_digest, tuple(_imports(tree, package)))


def _imports(tree: ast.Module, package: str) -> Iterator[str]:
    """Yields the modules that a module of `package` may import, wherever the statement stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            parents = parents[: len(parents) - node.level + 1] if node.level else []
            module = ".".join([*parents, node.module] if node.module else parents)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
