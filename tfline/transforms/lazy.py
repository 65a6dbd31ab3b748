"""Imports of heavy packages that happen at first use.

The functions of ``transforms`` and the model builders are also read without being run: the spec
is checked against their signatures. That has to take milliseconds, and ``import tensorflow``
takes ten seconds.

    if TYPE_CHECKING:
        import tensorflow as tf
    else:
        tf = lazy_import("tensorflow")
"""

from __future__ import annotations

import importlib
from typing import Any


class _LazyModule:
    """Stands for a module until one of its attributes is needed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):  # asked by inspect and pickle, never meant for the module
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


def lazy_import(name: str) -> Any:
    """Returns a stand-in for module `name` that imports it when an attribute is first read."""
    return _LazyModule(name)
