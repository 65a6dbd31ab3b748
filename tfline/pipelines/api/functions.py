"""Functions and classes in a spec that is written in Python.

One of a module that other processes can import becomes its dotted path. One of a notebook or of
`__main__` is written out as source: a module of its own with the function, what it calls, the
imports and the constants that it uses. Every process that the run starts imports that module, an
edit of it is seen like that of any source, and nothing is pickled. What cannot be written as source
(a lambda, a closure, a table of numbers) is refused with the reason.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from tfline.pipelines.api.written_source import is_importable, write_source
from tfline.transforms.dotted import NOTEBOOK_PACKAGE
from tfline.transforms.errors import SpecError


def with_names(value: Any, folder: Path) -> Any:
    """Returns a value of a spec with a dotted path in the place of every function and class.

    Args:
        value: Mappings, lists, texts and numbers, with functions and classes in any place where
            the YAML has a dotted path.
        folder: Where modules are written for those of a notebook.

    Raises:
        SpecError: A function cannot be imported by other processes, or a value is nothing that
            YAML could say.
    """
    if isinstance(value, Mapping):
        return {_key(key, folder): with_names(child, folder) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [with_names(child, folder) for child in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return name_of(value, folder)


def _key(key: Any, folder: Path) -> str:
    return key if isinstance(key, str) else name_of(key, folder)


def name_of(code: Any, folder: Path) -> str:
    """Returns the dotted path of a function or a class, written out as a module if it must be.

    Raises:
        SpecError: Other processes could not import it.
    """
    if not isinstance(code, type | FunctionType):
        raise SpecError(
            f"Expected a text, a number, a list, a mapping, a function or a class. "
            f"Received: {type(code).__name__}",
            repr(code)[:100],
            "An object is written as its class and arguments: {MyLoss: {'delta': 1.0}}.",
        )
    if is_importable(code):
        return f"{code.__module__}.{code.__qualname__}"
    text = write_source(code)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    module = f"{code.__name__.lower()}_{digest}"
    path = folder / NOTEBOOK_PACKAGE / f"{module}.py"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(f".{os.getpid()}")
        staged.write_text(text, encoding="utf-8")
        staged.replace(path)
    make_importable(folder)
    return f"{NOTEBOOK_PACKAGE}.{module}.{code.__name__}"


def make_importable(folder: Path) -> None:
    """Lets this process, and every one that it starts, import the modules in a folder."""
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)
        inherited = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = f"{inherited}{os.pathsep}{place}" if inherited else place
    importlib.invalidate_caches()
