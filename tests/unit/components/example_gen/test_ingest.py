"""Given splits: files come into the artifact unchanged, and only when they are whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.ingest import ingest_split
from tfline.transforms.errors import DataError

ROWS = [{"x": number} for number in range(20)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "Split-train"


def test_copy_leaves_the_bytes_unchanged(write_examples: Callable[..., Path], folder: Path) -> None:
    paths = [write_examples(name, ROWS, compress=True) for name in ("b", "a.tfrecord")]
    assert ingest_split([str(p) for p in paths], str(folder), "tf_example", "copy") == 40
    names = ["data_tfrecord-00000-of-00002.gz", "data_tfrecord-00001-of-00002.gz"]
    assert sorted(p.name for p in folder.iterdir()) == names
    for name, path in zip(names, paths, strict=True):
        assert (folder / name).read_bytes() == path.read_bytes()
        assert not (folder / name).samefile(path)


def test_compressed_files_are_decompressed_among_plain_ones(
    write_examples: Callable[..., Path], folder: Path
) -> None:
    plain, zipped = write_examples("a", ROWS), write_examples("b", ROWS, compress=True)
    assert ingest_split([str(plain), str(zipped)], str(folder), "tf_example", "link") == 40
    for index in range(2):
        placed = folder / f"data_tfrecord-0000{index}-of-00002"
        assert placed.read_bytes() == plain.read_bytes()


def test_link_shares_the_file_also_behind_a_symbolic_link(
    write_examples: Callable[..., Path], folder: Path, tmp_path: Path
) -> None:
    path = write_examples("a", ROWS)
    symbolic = tmp_path / "symbolic"
    symbolic.symlink_to(path)
    assert ingest_split([str(symbolic)], str(folder), "tf_example", "link") == 20
    placed = folder / "data_tfrecord-00000-of-00001"
    assert placed.samefile(path)
    assert not placed.is_symlink()


def test_link_copies_when_links_are_refused(
    write_examples: Callable[..., Path], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: str) -> None:
        raise OSError(18, "Invalid cross-device link", source, None, target)

    monkeypatch.setattr(os, "link", refuse)
    path = write_examples("a", ROWS)
    assert ingest_split([str(path)], str(folder), "tf_example", "link") == 20
    assert not (folder / "data_tfrecord-00000-of-00001").samefile(path)


def test_ingest_raises_when_the_split_has_no_record(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "empty.gz"
    tfrecord.write_records(path, [], compress=True)
    with pytest.raises(DataError, match="has no record"):
        ingest_split([str(path)], str(folder), "tf_example", "copy")


def test_ingest_raises_before_copying_when_a_file_is_bad(
    write_examples: Callable[..., Path], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad").write_bytes(b"")
    paths = [str(write_examples("good", ROWS)), str(tmp_path / "bad")]
    with pytest.raises(DataError, match="0 bytes"):
        ingest_split(paths, str(folder), "tf_example", "copy")
    assert not folder.exists()
