"""An error is told by the line that its reader can mend."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

from tfline.pipelines.runners.causes import root_cause
from tfline.transforms.errors import DataError, InternalError, OwnCodeError, WorkFolderError


def raised(call: object, *arguments: object) -> BaseException:
    try:
        call(*arguments)  # type: ignore[operator]
    except Exception as exc:
        return exc
    pytest.fail("Nothing was raised")


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A module of the user's, in the current folder."""
    (folder / "own_nets.py").write_text(
        "import json\n\ndef build(head):\n    return head.logits\n\n"
        "def read():\n    return json.loads('{')\n"
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own_nets", raising=False)
    return importlib.import_module("own_nets")


def test_error_in_own_code_begins_with_its_line(own: object, tmp_path: Path) -> None:
    found = root_cause(raised(own.build, 3), tmp_path)  # type: ignore[attr-defined]
    assert isinstance(found, OwnCodeError)
    lines = str(found).splitlines()
    assert lines[0] == "own_nets.py:4: AttributeError: 'int' object has no attribute 'logits'"
    assert lines[1] == "  where: in build: return head.logits"
    assert found.exit_code == 2


def test_error_below_own_code_names_the_last_own_line(own: object, tmp_path: Path) -> None:
    found = root_cause(raised(own.read), tmp_path)  # type: ignore[attr-defined]
    assert found.message.startswith("own_nets.py:7: JSONDecodeError: ")


def test_line_is_found_in_the_words_of_an_error(own: object, tmp_path: Path, folder: Path) -> None:
    """Beam's workers and AutoGraph put the traceback into the message."""
    library = json.__file__
    text = (
        "Traceback (most recent call last):\n"
        f'  File "{folder}/own_nets.py", line 4, in build\n    return head.logits\n'
        f'  File "{library}", line 1, in loads\n    raise\n'
        "ValueError: no such thing [while running 'Evaluate/Extract']"
    )
    found = root_cause(RuntimeError(text), tmp_path)
    assert found.message == "own_nets.py:4: ValueError: no such thing"


def test_error_without_own_code_is_an_error_inside(tmp_path: Path) -> None:
    found = root_cause(raised(json.loads, "{"), tmp_path)
    assert isinstance(found, OwnCodeError) or found.message.startswith("JSONDecodeError: ")
    inner = root_cause(ValueError("no\nmore"), tmp_path)
    assert isinstance(inner, InternalError)
    assert (inner.message, inner.exit_code) == ("ValueError: no", 1)


def test_error_of_tfline_inside_others_is_taken_out(tmp_path: Path) -> None:
    error = RuntimeError("wrapped")
    error.__cause__ = DataError("Bad record [while running 'Read']", "a.tfrecord")
    found = root_cause(error, tmp_path)
    assert isinstance(found, DataError)
    assert found.message == "Bad record"


def test_full_disk_is_one_of_the_work_folder(tmp_path: Path) -> None:
    found = root_cause(OSError(28, "No space left on device"), tmp_path)
    assert isinstance(found, WorkFolderError)
