"""The tables for operators are complete, and name tests that there are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from tfline import serving
from tfline.serving.server.flags import Flags

README = Path(serving.__file__).with_name("README.md").read_text(encoding="utf-8")
TESTS = [
    path
    for path in Path(__file__).parents[3].rglob("serving/**/test_*.py")
    if path.name != Path(__file__).name
]


def rows(section: str) -> list[list[str]]:
    """Returns the cells of the table of a section."""
    text = README.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_table_has_every_flag_once():
    listed = [flag for cells in rows("Flags") for flag in names(cells[0])]
    assert sorted(listed) == sorted(field.name for field in dataclasses.fields(Flags))


def test_every_row_names_its_tests():
    for cells in rows("Flags") + rows("Methods"):
        files = names(cells[-1])
        assert files
        assert set(files) <= {path.name for path in TESTS}


def test_tests_of_a_flag_use_it():
    for cells in rows("Flags"):
        files = names(cells[-1])
        tests = "".join(path.read_text("utf-8") for path in TESTS if path.name in files)
        # These two are set by what all tests share: the server of `conftest`, and `warm_up`.
        used = {"monitoring_config_file", "num_request_iterations_for_warmup"}
        missing = {flag for flag in names(cells[0]) if flag not in tests} - used
        assert not missing, cells
