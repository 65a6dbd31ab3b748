"""A lazily imported module is imported at first use."""

from __future__ import annotations

import inspect
import sys

import pytest

from tfline.transforms.lazy import lazy_import


def test_module_is_imported_when_an_attribute_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    module = lazy_import("colorsys")
    assert "colorsys" not in sys.modules
    assert module.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    assert "colorsys" in sys.modules


def test_inspection_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    module = lazy_import("colorsys")
    assert inspect.unwrap(module) is module
    assert not hasattr(module, "__wrapped__")
    assert "colorsys" not in sys.modules


def test_missing_module_fails_at_first_use_and_not_before() -> None:
    module = lazy_import("no_such_module")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        module.anything  # noqa: B018
