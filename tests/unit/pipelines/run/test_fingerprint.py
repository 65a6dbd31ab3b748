"""Fingerprints see what matters, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.pipelines.run.fingerprint import (
    digest,
    file_parts,
    source_parts,
    stack_parts,
    value_parts,
)

Write = Callable[[str, str], None]


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
    before = source_parts(["mine.prep"])
    module("prep", "# why\n\ndef f(x):\n    return (x\n        + 1)  # one more\n")
    assert source_parts(["mine.prep"]) == before


def test_code_edit_changes_only_its_own_part(module: Write) -> None:
    module("prep", "from mine import tables\nA = 1\n")
    module("tables", "B = 1\n")
    before = source_parts(["mine.prep"])
    module("tables", "B = 2\n")
    after = source_parts(["mine.prep"])
    assert set(before) == {"source mine", "source mine.prep", "source mine.tables"}
    assert {name for name in after if after[name] != before[name]} == {"source mine.tables"}


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
    assert "source mine.tables" in source_parts(["mine.prep"])


def test_module_of_a_folder_without_init_is_found(module: Write, tmp_path: Path) -> None:
    module("prep", "from mine import tables\n")
    module("tables", "B = 1\n")
    (tmp_path / "mine" / "__init__.py").unlink()
    assert {"source mine.prep", "source mine.tables"} == set(source_parts(["mine.prep"]))


def test_circle_of_imports_ends(module: Write) -> None:
    module("a", "import mine.b\n")
    module("b", "import mine.a\n")
    assert {"source mine.a", "source mine.b"} <= set(source_parts(["mine.a"]))


def test_own_modules_are_followed_and_the_stack_is_not(module: Write) -> None:
    module("prep", "import json\nimport numpy\nfrom tfline.transforms import numeric\n")
    parts = source_parts(["mine.prep"])
    assert "source tfline.transforms.numeric" in parts
    assert {name.split()[1].split(".")[0] for name in parts} == {"mine", "tfline"}


def test_family_that_is_not_used_does_not_count() -> None:
    parts = source_parts(["tfline.transforms.preprocessing"], exclude={"tfline.transforms.image"})
    assert "source tfline.transforms.image" not in parts
    assert "source tfline.transforms.numeric" in parts


def test_module_without_source_has_no_part() -> None:
    assert source_parts(["no_such_module", "sys", "tfline.transforms.no_such"]) == {}


def test_file_part_changes_with_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"abc")
    os.utime(path, ns=(1, 1))
    [before] = file_parts("data.train", [str(path)]).items()
    assert before == (f"data.train {path}", "3 bytes, 1970-01-01 00:00:00.000000001 UTC")
    os.utime(path, ns=(2, 2))
    assert (
        file_parts("data.train", [str(path)])[before[0]]
        == "3 bytes, 1970-01-01 00:00:00.000000002 UTC"
    )


def test_value_parts_name_every_leaf() -> None:
    value = {"epochs": 3, "optimizer": {"name": "adam", "args": {}}, "list": [1, "ü"]}
    assert value_parts("train", value) == {
        "train.epochs": "3",
        "train.optimizer.name": '"adam"',
        "train.optimizer.args": "{}",
        "train.list": '[1, "ü"]',
    }


def test_digest_depends_on_content_and_not_on_order() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1"}) != digest({"a": "2"})


def test_stack_parts_name_the_packages_that_compute() -> None:
    assert {"package tensorflow", "package tfx", "package keras"} <= set(stack_parts())
