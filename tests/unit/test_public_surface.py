"""What `import tfline` promises is what it has."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from types import ModuleType

import pytest

import tfline
import tfline.serving.errors
import tfline.transforms.errors
from tfline.pipelines.spec import PipelineSpec


def test_public_names_can_be_imported_and_nothing_else_is_promised() -> None:
    names = {name for name in dir(tfline) if not name.startswith("_")}
    modules = {name for name in names if isinstance(getattr(tfline, name), ModuleType)}
    helpers = {"TYPE_CHECKING", "Any", "annotations"}
    assert names - modules - helpers == set(tfline.__all__)
    assert list(tfline.__all__) == sorted(tfline.__all__)


@pytest.mark.parametrize("name", tfline.__all__)
def test_public_name_is_documented(name: str) -> None:
    assert getattr(tfline, name).__doc__


def test_every_error_is_of_one_tree_and_exported() -> None:
    defined = {
        name
        for module in (tfline.transforms.errors, tfline.serving.errors)
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }
    assert defined == {name for name in tfline.__all__ if name.endswith("Error")}
    assert all(issubclass(getattr(tfline, name), tfline.TflineError) for name in defined)


def test_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Pipelin'"):
        getattr(tfline, "Pipelin")  # noqa: B009 - mypy knows that it is not there


def test_import_is_quick_and_imports_nothing_heavy() -> None:
    heavy = "{'tensorflow', 'keras', 'tfx', 'apache_beam', 'pandas', 'numpy', 'pydantic'}"
    code = f"import sys, tfline; print(*{heavy} & set(sys.modules))"
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
    assert time.monotonic() - started < 20  # a loaded machine; TensorFlow alone takes longer


def test_sections_of_a_spec_are_the_arguments_of_a_pipeline() -> None:
    arguments = set(inspect.signature(tfline.Pipeline).parameters)
    assert arguments == {*PipelineSpec.model_fields, "work"}
