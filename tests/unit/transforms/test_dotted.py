"""A function of one's own is found by its dotted path, and must fit how it is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tfline.transforms.dotted import find_function
from tfline.transforms.errors import SpecError


@pytest.mark.parametrize(
    ("definition", "fits"),
    [
        ("def build(features, head, *, units=4): ...", True),
        ("def build(*inputs, units=4): ...", True),
        ("def build(features, head, deep=True): ...", True),
        ("class build:\n    def __init__(self, features, head): ...", True),
        ("def build(features): ...", False),
        ("def build(features, head, units): ...", False),
        ("def build(*, features, head): ...", False),
    ],
)
def test_own_function_takes_what_it_is_called_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch, definition: str, fits: bool
) -> None:
    (folder / "own_positions.py").write_text(definition)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own_positions", raising=False)
    name, takes = "own_positions.build", ("features", "head")
    if fits:
        assert callable(find_function(name, {}, "model", takes))
        return
    with pytest.raises(SpecError, match="is called with features and head") as caught:
        find_function(name, {}, "model", takes)
    assert "def build(features, head, *, ...)" in caught.value.hint


def test_functions_of_c_are_taken_as_they_are() -> None:
    assert find_function("operator.attrgetter", {}, "transform", ("values",))


def test_tensorflow_says_nothing_of_itself_and_the_user_is_heard(tmp_path: Path) -> None:
    (tmp_path / "own_words.py").write_text(
        "import sys\nprint('mine', file=sys.stderr)\nimport tensorflow\ndef build(): ...\n"
    )
    code = (
        "import sys; sys.path.insert(0, '.'); from tfline.transforms.dotted import find_function; "
        "find_function('own_words.build', {}, 'model')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == "mine\n"
