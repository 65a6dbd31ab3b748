"""Sources are followed as far as they are tfline's or the user's, and count by their code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.pipelines.run.sources import source_parts

Write = Callable[[str, str], None]


def found(*modules: str) -> dict[str, str]:
    """Returns the digests of the modules that are reached."""
    return {part.name: part.value for part in source_parts(modules)}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes modules of a package `mine` that can be imported; each write is seen as an edit."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in [*sys.modules]:
        if name.partition(".")[0] == "mine":  # of another test
            monkeypatch.delitem(sys.modules, name)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").touch()
    edits = iter(range(1, 1000))

    def write(name: str, text: str) -> None:
        path = tmp_path / "mine" / f"{name}.py"
        path.write_text(text)
        seconds = 1_000_000_000 + next(edits)
        os.utime(path, (seconds, seconds))

    return write


def test_comment_and_layout_change_nothing(module: Write) -> None:
    module("prep", "def f(x):\n    return x + 1\n")
    before = found("mine.prep")
    module("prep", "# why\n\ndef f(x):\n    return (x\n        + 1)  # one more\n")
    assert found("mine.prep") == before


def test_code_edit_changes_only_its_own_part(module: Write) -> None:
    module("prep", "from mine import tables\nA = 1\n")
    module("tables", "B = 1\n")
    before = found("mine.prep")
    module("tables", "B = 2\n")
    after = found("mine.prep")
    assert set(before) == {"mine", "mine.prep", "mine.tables"}
    assert {name for name in after if after[name] != before[name]} == {"mine.tables"}


@pytest.mark.parametrize(
    "statement",
    [
        "import mine.tables",
        "from mine import tables",
        "from mine.tables import B",
        "def f():\n    from mine.tables import B",
        "if True:\n    import mine.tables as t",
        "from . import tables",
        "from .tables import B",
    ],
)
def test_import_is_followed_however_it_is_written(module: Write, statement: str) -> None:
    module("tables", "B = 1\n")
    module("prep", statement + "\n")
    assert "mine.tables" in found("mine.prep")


def test_module_of_a_folder_without_init_is_found(module: Write, tmp_path: Path) -> None:
    module("prep", "from mine import tables\n")
    module("tables", "B = 1\n")
    (tmp_path / "mine" / "__init__.py").unlink()
    assert {"mine.prep", "mine.tables"} == set(found("mine.prep"))


def test_order_of_the_modules_changes_nothing(module: Write) -> None:
    """Names in a set come in another order in each process."""
    module("a", "import mine.c")
    module("b", "import mine.d")
    module("c", "")
    module("d", "")
    assert source_parts(["mine.a", "mine.b"]) == source_parts(["mine.b", "mine.a"])


def test_circle_of_imports_ends(module: Write) -> None:
    module("a", "import mine.b\n")
    module("b", "import mine.a\n")
    assert {"mine.a", "mine.b"} <= set(found("mine.a"))


def test_own_modules_are_followed_and_the_stack_is_not(module: Write) -> None:
    module("prep", "import json\nimport numpy\nfrom tfline.transforms import numeric\n")
    parts = found("mine.prep")
    assert "tfline.transforms.numeric" in parts
    assert {name.split(".")[0] for name in parts} == {"mine", "tfline"}


def test_family_that_is_not_used_does_not_count() -> None:
    start = ["tfline.components.transform.preprocessing"]
    names = {part.name for part in source_parts(start, exclude={"tfline.transforms.image"})}
    assert "tfline.transforms.image" not in names
    assert "tfline.transforms.numeric" in names


def test_module_without_source_has_no_part() -> None:
    modules = ["no_such_module", "sys", "json", "numpy.random", "tfline.transforms.no_such"]
    assert source_parts([*modules, "__main__"]) == ()


def test_docstring_changes_nothing(module: Write) -> None:
    module("prep", "class A:\n    def f(self):\n        return 1\n")
    before = found("mine.prep")
    documented = [
        '"""Why."""',
        "class A:",
        '    """A."""',
        "    def f(self):",
        '        """F."""',
        "        return 1",
    ]
    module("prep", "\n".join(documented))
    assert found("mine.prep") == before
    module("prep", 'class A:\n    def f(self):\n        return "F."\n')
    assert found("mine.prep") != before


def test_sibling_of_a_top_level_module_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`my_model.py` beside `my_layers.py`, which needs a package `my_constants`."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_model.py").write_text("import my_layers\n")
    (tmp_path / "my_layers.py").write_text("from my_constants.sizes import UNITS\n")
    (tmp_path / "my_constants").mkdir()
    (tmp_path / "my_constants" / "sizes.py").write_text("UNITS = 3\n")
    assert set(found("my_model")) == {"my_model", "my_layers", "my_constants.sizes"}


def test_installed_package_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "bought.py").write_text("A = 1\n")
    (tmp_path / "own_code.py").write_text("import bought\n")
    monkeypatch.syspath_prepend(installed)
    monkeypatch.syspath_prepend(tmp_path)
    assert set(found("own_code")) == {"own_code"}
