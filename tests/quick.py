"""A pytest plugin that leaves out whatever needs TensorFlow, Beam or TFX: ``make quick``.

    python -m pytest -p tests.quick tests/unit

Nothing is marked by hand. The first import of one of them, in a module of tests, a fixture or the
code under test, skips the test that asked for it; a test that never asks runs. A folder whose own
conftest needs one can only be named as a part of a larger one.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import pytest

HEAVY = frozenset({"tensorflow", "keras", "apache_beam", "tfx", "tfx_bsl", "tensorflow_transform"})
"""Packages whose import takes seconds."""


class _Skipping(Loader):
    """Skips the test that imports a package."""

    def create_module(self, spec: ModuleSpec) -> None:
        pytest.skip(f"needs {spec.name}", allow_module_level=True)

    def exec_module(self, module: ModuleType) -> None:
        del module  # never called: no module is created


class _Finder:
    """Finds the heavy packages, so that one can ask where they are, but never loads them."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name not in HEAVY:
            return None
        spec = PathFinder.find_spec(name)
        if spec is not None:
            spec.loader = _Skipping()
        return spec


sys.meta_path.insert(0, _Finder())  # not in a hook: conftest files are read before all hooks
