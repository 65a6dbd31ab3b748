"""Generated files that are kept: they are what the commands beside them write now.

``make goldens`` writes them anew.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tfline.pipelines import cli

ROOT = Path(__file__).resolve().parents[5]
SCRIPTS = ["kubeflow/base/compile.sh", "tests/goldens/kubeflow/compile.sh"]


def commands() -> list[tuple[Path, list[str]]]:
    """Returns the folder and the words of every command in the scripts."""
    return [
        ((ROOT / script).parent, shlex.split(line)[1:])
        for script in SCRIPTS
        for line in (ROOT / script).read_text().splitlines()
        if line.startswith("tfline ")
    ]


@pytest.mark.parametrize(
    ("folder", "words"), commands(), ids=[" ".join(words[:2]) for _, words in commands()]
)
def test_golden_file_is_what_the_command_writes(
    folder: Path, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 0
    name = words[words.index("-o") + 1]
    written, kept = (tmp_path / name).read_text(), (folder / name).read_text()
    assert written == kept, f"`make goldens`, if {name} is to change"
