"""Long texts become pieces that hold every character and know their document."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import pytest

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.example_proto import example_protos
from tfline.pipelines.cli import main
from tfline.pipelines.datasets.pieces import Pieces, cut_rows, cut_text, read_documents
from tfline.transforms.errors import DataError, SpecError

TEXT = "To be,  or not\nto be: that is the question."


@pytest.mark.parametrize(("size", "overlap"), [(1, 0), (7, 0), (7, 1), (7, 6), (43, 2), (100, 99)])
def test_pieces_of_characters_are_the_text(size: int, overlap: int) -> None:
    found = list(cut_text(TEXT, Pieces(size, overlap)))
    first, *others = found
    assert first + "".join(piece[overlap:] for piece in others) == TEXT
    assert all(len(piece) == size for piece in found[:-1])
    assert all(len(piece) > overlap for piece in others)
    assert all(one.endswith(next_[:overlap]) for one, next_ in itertools.pairwise(found))


def test_pieces_of_words_keep_what_stands_between() -> None:
    found = list(cut_text(TEXT, Pieces(4, 1, "word")))
    assert found == ["To be,  or not", "not\nto be: that", "that is the question."]


@pytest.mark.parametrize("by", ["character", "word"])
def test_short_text_is_one_piece_and_an_empty_one_none(by: Any) -> None:
    assert list(cut_text("a", Pieces(5, 2, by))) == ["a"]
    assert list(cut_text("", Pieces(5, 2, by))) == []


def test_rows_keep_their_columns_and_know_their_document() -> None:
    rows = [{"body": "abcd", "stars": 3}, {"body": None, "stars": 1}, {"body": "xyz", "stars": 5}]
    found = list(cut_rows(rows, Pieces(2, text="body")))
    assert found == [
        {"body": "ab", "stars": 3, "document": 0, "piece": 0},
        {"body": "cd", "stars": 3, "document": 0, "piece": 1},
        {"body": "xy", "stars": 5, "document": 2, "piece": 0},
        {"body": "z", "stars": 5, "document": 2, "piece": 1},
    ]
    named = [{"body": "abc", "book": "b"}, {"body": "de", "book": "b"}]
    pieces = Pieces(2, text="body", document="book")
    assert [(r["document"], r["piece"]) for r in cut_rows(named, pieces)] == [
        ("b", 0), ("b", 1), ("b", 2),
    ]  # fmt: skip


def test_documents_are_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "books" / "new").mkdir(parents=True)
    (tmp_path / "books" / "one.txt").write_text("\ufeffGrüße")
    (tmp_path / "books" / "new" / "one.txt").write_text("two")
    (tmp_path / "three.txt.gz").write_bytes(gzip.compress(b"three"))
    found = list(read_documents([tmp_path / "books", tmp_path / "three.txt.gz"]))
    assert {row["document"]: row["text"] for row in found} == {
        "new/one": "two", "one": "Grüße", "three.txt": "three",
    }  # fmt: skip
    with pytest.raises(DataError, match="Two files make the document 'one'"):
        list(read_documents([tmp_path / "books", tmp_path / "books" / "one.txt"]))


@pytest.mark.parametrize(
    ("content", "message"), [(b"\xff\xfe", "not UTF-8"), (b" \n", "holds no text")]
)
def test_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(read_documents([tmp_path / "a.txt"]))


@pytest.mark.parametrize(
    ("row", "pieces", "message"),
    [
        ({"bdy": "a"}, Pieces(2, text="body"), "no column 'body'"),
        ({"body": 3}, Pieces(2, text="body"), "holds no text, but 3"),
        ({"body": "a", "document": "d"}, Pieces(2, text="body"), "has a name that pieces need"),
        ({"body": "a"}, Pieces(2, text="body", document="d"), "no column 'd'"),
    ],
)
def test_row_that_cannot_be_cut_is_refused(row: Any, pieces: Pieces, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(cut_rows([row], pieces))


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (3, 3), (3, -1)])
def test_size_and_overlap_out_of_range_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(SpecError, match="below the size"):
        Pieces(size, overlap)


def test_command_cuts_files_and_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("one, two\nthree")
    (tmp_path / "t.csv").write_text("body,label\none two three,yes\nfour,no\n")
    output = tmp_path / "out.tfrecord"

    def made(*command: str) -> list[tuple[bytes, Any, int]]:
        assert main(["data", "convert", *command]) == 0
        records = [example_protos().Example.FromString(r) for r in tfrecord.read_records(output)]
        return [
            (
                (f["text"] if "text" in f else f["body"]).bytes_list.value[0],
                (f["document"].bytes_list.value or f["document"].int64_list.value)[0],
                f["piece"].int64_list.value[0],
            )
            for f in (record.features.feature for record in records)
        ]

    words = ["--pieces", "2", "--by", "word"]
    assert made(str(tmp_path / "a.txt"), str(output), *words) == [
        (b"one, two", b"a", 0), (b"three", b"a", 1),
    ]  # fmt: skip
    table = ["--text", "body", "--overlap", "1"]
    assert made(str(tmp_path / "t.csv"), str(output), *words, *table) == [
        (b"one two", 0, 0), (b"two three", 0, 1), (b"four", 1, 0),
    ]  # fmt: skip
    assert main(["data", "convert", str(tmp_path / "a.txt"), str(output), "--overlap", "1"]) == 2
    assert "`--overlap` is for a text that is cut" in capsys.readouterr().err
