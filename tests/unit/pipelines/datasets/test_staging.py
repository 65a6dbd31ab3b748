"""Output appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines.datasets.staging import staged_file, staged_folder
from tfline.transforms.errors import DataError


def test_staged_folder_moves_files_and_keeps_others(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    (out / "kept").write_text("kept")
    (out / "replaced").write_text("old")
    with staged_folder(out) as staging:
        (staging / "replaced").write_text("new")
        assert (out / "replaced").read_text() == "old"
    assert {p.name: p.read_text() for p in out.iterdir()} == {"kept": "kept", "replaced": "new"}
    assert list(out.parent.iterdir()) == [out]


def test_staged_folder_leaves_nothing_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def _interrupted(out: Path) -> None:
    """Writes a file, and is interrupted."""
    with staged_folder(out) as staging:
        (staging / "half").write_text("half")
        raise KeyboardInterrupt


def test_staged_folder_raises_when_the_destination_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match="Cannot write"), staged_folder(tmp_path / "out"):
        pass
    with pytest.raises(DataError, match="Cannot write"), staged_folder(tmp_path / "out" / "deep"):
        pass


def test_staged_file_appears_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "out" / "file"
    with staged_file(path) as staged:
        staged.write_text("text")
        assert not path.exists()
    assert path.read_text() == "text"


def test_equal_file_keeps_its_time(tmp_path: Path) -> None:
    for text, same in (("a", False), ("a", True), ("b", False)):
        before = (tmp_path / "out" / "file").stat().st_ino if same else None
        with staged_folder(tmp_path / "out") as staging:
            (staging / "file").write_text(text)
        after = (tmp_path / "out" / "file").stat().st_ino
        assert (after == before) is same
        assert (tmp_path / "out" / "file").read_text() == text
