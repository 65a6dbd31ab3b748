"""Functions in a spec: a dotted path where one will do, source that stands alone where not."""

from __future__ import annotations

import linecache
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfline.pipelines.api.functions import name_of, with_names
from tfline.pipelines.run.sources import source_parts
from tfline.transforms import numeric
from tfline.transforms.dotted import NOTEBOOK_PACKAGE as PACKAGE
from tfline.transforms.dotted import find_function
from tfline.transforms.errors import SpecError

CELL = '''\
import math
import json as js
from collections import OrderedDict

FACTOR = 2.5
TABLE = {"a": [1, 2]}
OBJECT = object()

def twice(x):
    return 2 * x

def halve(x, *, times: int = 1):
    """Halves."""
    return twice(x) * FACTOR * len(TABLE) * math.pi

class Base:
    def f(self):
        return js.dumps(OrderedDict())

class Layer(Base):
    def f(self):
        return super().f()

def bad(x):
    return OBJECT

def outer():
    def inner(x):
        return x
    return inner

small = lambda x: x
'''


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Executes a text as a notebook executes a cell: in `__main__`, its lines in `linecache`."""
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    count = 0

    def execute(text: str = CELL) -> dict[str, Any]:
        nonlocal count
        count += 1
        file = f"/tmp/ipykernel_1/{count}.py"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), vars(module))
        return vars(module)

    yield execute
    for key in [key for key in linecache.cache if key.startswith("/tmp/ipykernel_1/")]:
        del linecache.cache[key]


@pytest.fixture(autouse=True)
def own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves nothing behind for other tests."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        monkeypatch.delitem(sys.modules, name)


def test_function_of_a_module_becomes_its_dotted_path(tmp_path: Path) -> None:
    spec = {"features": {numeric.z_score: ["fare"]}, "metrics": (numeric.clip, 1, None, "auc")}
    assert with_names(spec, tmp_path) == {
        "features": {"tfline.transforms.numeric.z_score": ["fare"]},
        "metrics": ["tfline.transforms.numeric.clip", 1, None, "auc"],
    }
    assert not (tmp_path / PACKAGE).exists()


def test_function_of_a_notebook_works_in_another_process(cell: Any, tmp_path: Path) -> None:
    found = cell()
    name = name_of(found["halve"], tmp_path)
    module, _, function = name.rpartition(".")
    code = f"from {module} import {function}; print({function}(3.0))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == str(found["halve"](3.0)), done.stderr
    assert find_function(name, {}, "transform")(3.0) == found["halve"](3.0)


def test_class_of_a_notebook_brings_what_it_is_made_of(cell: Any, tmp_path: Path) -> None:
    name = name_of(cell()["Layer"], tmp_path)
    assert find_function(name, {}, "model")().f() == "{}"


def test_source_counts_and_comments_do_not(cell: Any, tmp_path: Path) -> None:
    name = name_of(cell()["halve"], tmp_path)
    [part] = source_parts([name.rpartition(".")[0]])
    assert part.name.startswith(f"{PACKAGE}.halve_")
    assert name_of(cell()["halve"], tmp_path) == name  # the cell is executed again
    edited = cell(CELL.replace("return 2 * x", "return 3 * x"))["halve"]
    other = name_of(edited, tmp_path)
    assert other != name
    assert find_function(other, {}, "transform")(1.0) == edited(1.0)
    constant = cell(CELL.replace("FACTOR = 2.5", "FACTOR = 2.0"))["halve"]
    assert name_of(constant, tmp_path) not in (name, other)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bad", "it uses `OBJECT`, a object of the notebook"),
        ("small", "a lambda has no name"),
        ("inner", "it is defined inside another function"),
    ],
)
def test_function_that_cannot_be_written_is_refused_with_the_reason(
    cell: Any, tmp_path: Path, name: str, reason: str
) -> None:
    found = cell()
    code = found["outer"]() if name == "inner" else found[name]
    with pytest.raises(SpecError) as caught:
        name_of(code, tmp_path)
    assert reason in caught.value.message
    assert "module" in caught.value.hint


def test_function_without_known_source_is_refused(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def typed(x): return x", namespace)
    with pytest.raises(SpecError, match="its source is not known"):
        name_of(namespace["typed"], tmp_path)


def test_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="Received: object"):
        with_names({"loss": object()}, tmp_path)


def test_name_in_main_is_refused_as_a_text() -> None:
    with pytest.raises(SpecError, match="`__main__` is another module in every process"):
        find_function("__main__.build", {}, "model")
