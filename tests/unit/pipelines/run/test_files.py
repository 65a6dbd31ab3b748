"""Files count by their content; what was read once is not read again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tfline.pipelines.run import files
from tfline.pipelines.run.files import FileDigests, file_parts, folder_digests, is_intact


def write(path: Path, content: bytes, age: float = 100.0) -> Path:
    """Writes a file that was last modified `age` seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = path.stat().st_mtime - age
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose content is read; every file counts as settled."""
    names: list[str] = []
    read = files._read_digest

    def read_and_note(file: str | Path) -> str:
        names.append(Path(file).name)
        return read(file)

    monkeypatch.setattr(files, "_read_digest", read_and_note)
    monkeypatch.setattr(files, "_SETTLED", -1.0)
    return names


def test_touch_and_move_change_nothing_and_an_edit_does(folder: Path) -> None:
    path = write(folder / "a.tfrecord", b"abc")
    [before] = file_parts("data.train", [str(path)], FileDigests())
    assert (before.name, before.role) == ("a.tfrecord", "data.train")
    assert before.value.startswith("3 bytes, ")
    os.utime(path)
    assert file_parts("data.train", [str(path)], FileDigests()) == (before,)
    write(path, b"abd")
    [after] = file_parts("data.train", [str(path)], FileDigests())
    assert after != before


def test_file_elsewhere_is_named_in_full(folder: Path, tmp_path_factory) -> None:
    path = write(tmp_path_factory.mktemp("data") / "a.tfrecord", b"abc")
    [part] = file_parts("data.train", [str(path)], FileDigests())
    assert part.name == str(path)


def test_file_is_read_once_until_it_is_written(tmp_path: Path, reads: list[str]) -> None:
    store, path = tmp_path / "digests.json", write(tmp_path / "a", b"abc")
    first = FileDigests(store)
    content = first.of(path)
    first.save()
    moved = path.rename(tmp_path / "b")
    assert FileDigests(store).of(moved) in {content}
    assert reads in (["a"], ["a", "b"])  # a file system may count a rename as a change
    write(moved, b"abd")
    assert FileDigests(store).of(moved) != content
    assert reads[-1] == "b"


def test_file_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    """Its times could not tell a second write within the same moment."""
    digests, path = FileDigests(), tmp_path / "a"
    path.write_bytes(b"abc")
    status = path.stat()
    before = digests.of(path)
    path.write_bytes(b"abd")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digests.of(path) != before


def test_broken_store_is_no_store(tmp_path: Path) -> None:
    store, path = tmp_path / "digests.json", write(tmp_path / "a", b"abc")
    store.write_text("{")
    assert FileDigests(store).of(path) == FileDigests().of(path)


def test_nothing_is_kept_where_there_is_no_folder(tmp_path: Path, reads: list[str]) -> None:
    digests = FileDigests(tmp_path / "none" / "digests.json")
    digests.of(write(tmp_path / "a", b"abc"))
    digests.save()
    assert not (tmp_path / "none").exists()


def test_folder_is_intact_until_a_file_of_it_is_edited_or_deleted(tmp_path: Path) -> None:
    made = tmp_path / "artifact"
    write(made / "Split-train" / "data", b"abc")
    write(made / "more", b"x")
    known = folder_digests(made, FileDigests())
    assert set(known) == {"Split-train/data", "more"}
    write(made / "added later", b"by somebody")
    assert is_intact(made, known, FileDigests())
    write(made / "Split-train" / "data", b"abd")
    assert not is_intact(made, known, FileDigests())
    write(made / "Split-train" / "data", b"abc")
    assert is_intact(made, known, FileDigests())
    (made / "more").unlink()
    assert not is_intact(made, known, FileDigests())
