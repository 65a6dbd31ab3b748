"""The source files that a component's result depends on: those that its modules reach by imports.

A source file counts by its syntax tree without docstrings: comments and layout change nothing.
Followed are tfline's own modules that compute, and every module of the user's: whatever is
neither in the standard library nor installed into `site-packages`. No TensorFlow here.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib.util
import os
import sysconfig
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from tfline.pipelines.run.parts import Part, Parts

_COMPUTING = ("tfline.transforms.", "tfline.metrics.", "tfline.tasks.", "tfline.components.")
"""The packages of tfline whose source makes a difference to a result."""

_INSTALLED = ("site-packages", "dist-packages")


def source_parts(modules: Iterable[str], exclude: Collection[str] = ()) -> Parts:
    """Returns a part for every source file that `modules` reach by imports.

    Args:
        modules: Names of modules to start from; tfline's or the user's own.
        exclude: Modules that are not followed: families that the spec does not use.

    Returns:
        The modules in the order of their names, each with the digest of its syntax tree.
    """
    waiting, seen = list(modules), {*exclude}
    found: list[Part] = []
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = _source_file(name)
        if path is None:
            continue
        source = _read_source(name, path, os.stat(path).st_mtime_ns)
        found.append(Part("source", name, source.digest))
        waiting += [module for module in source.imports if _is_followed(module)]
    return tuple(sorted(found, key=lambda part: part.name))


def _is_followed(module: str) -> bool:
    """Returns whether the source of a module counts."""
    if module.partition(".")[0] == "tfline":
        return module.startswith(_COMPUTING)
    return True


def function_modules(functions: Iterable[Callable[..., Any]]) -> set[str]:
    """Returns the modules that functions are defined in."""
    return {function.__module__ for function in functions}


def dotted_modules(names: Iterable[str]) -> set[str]:
    """Returns the modules of those names that are dotted paths: the user's own."""
    return {name.rpartition(".")[0] for name in names if "." in name}


def _source_file(module: str) -> Path | None:
    """Returns the file of a module that is tfline's or the user's; None if it has no source.

    Only the top-level name is asked of the import system: a question for a sub-module would run
    the packages above it.
    """
    top, *rest = module.split(".")
    spec = _find_spec(top)
    if spec is None or _is_installed(spec):
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for root in spec.submodule_search_locations or ():
        path = Path(root, *rest)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


def _find_spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except ValueError:  # a module without a spec: `__main__`, or one that was made by hand
        return None


def _is_installed(spec: ModuleSpec) -> bool:
    """Returns whether a top-level module is the standard library's or an installed package's.

    tfline counts wherever it is: from its source the installed one is computed, too.
    """
    if spec.name == "tfline":
        return False
    places = [spec.origin, *(spec.submodule_search_locations or ())]
    folders = [Path(place) for place in places if place and os.path.isabs(place)]
    return not folders or any(
        folder.is_relative_to(_standard_library()) or {*folder.parts} & {*_INSTALLED}
        for folder in folders
    )


@cache
def _standard_library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


@dataclasses.dataclass(frozen=True)
class _Source:
    """What counts of a source file."""

    digest: str
    imports: tuple[str, ...]


@cache
def _read_source(name: str, path: Path, modified: int) -> _Source:  # noqa: ARG001 - a cache key
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    _drop_docstrings(tree)
    tree_digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12]
    return _Source(tree_digest, tuple(_imports(tree, package)))


def _drop_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]


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
