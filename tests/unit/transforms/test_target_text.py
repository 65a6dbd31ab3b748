"""Texts become indices and texts again."""

from __future__ import annotations

import pytest
import tensorflow as tf

from tfline.tasks.table import check_label
from tfline.transforms.features import LabelSpec, Step
from tfline.transforms.target_text import (
    encode_text,
    reference_text,
    with_specials,
    without_specials,
    write_text,
)

BY_CHARACTER = (Step(transform="split", arguments={"by": "character"}),)
LETTERS = ["a", "b", "c"]


def column(*texts: str | None) -> dict[str, tf.SparseTensor]:
    """Returns a parsed column; None is a record without a text."""
    rows = [[] if text is None else [text.encode()] for text in texts]
    return {"y": tf.ragged.constant(rows, dtype=tf.string, ragged_rank=1).to_sparse()}


def label(length: int, *, marks: bool = True) -> LabelSpec:
    return LabelSpec(key="y", task="text", transform=BY_CHARACTER, length=length, marks=marks)


def test_text_stands_between_its_marks() -> None:
    tokens = with_specials(LETTERS, marks=True)
    assert tokens == ["", "[UNK]", "a", "b", "c", "[START]", "[END]"]
    encoded = encode_text(column("ab", None, "cabcab", "aé", ""), label(5), tokens)
    assert encoded.shape == [5, 5]
    assert encoded.numpy().tolist() == [
        [5, 2, 3, 6, 0],
        [-1] * 5,
        [5, 4, 2, 3, 6],  # cut before its end mark
        [5, 2, 1, 6, 0],  # unknown
        [-1] * 5,
    ]


def test_text_without_marks_is_what_it_is() -> None:
    tokens = with_specials(LETTERS, marks=False)
    encoded = encode_text(column("ab", "cabcab"), label(4, marks=False), tokens)
    assert encoded.numpy().tolist() == [[2, 3, 0, 0], [4, 2, 3, 4]]


@pytest.mark.parametrize("marks", [True, False])
def test_terms_are_what_is_left_without_the_specials(marks: bool) -> None:
    assert without_specials(with_specials(LETTERS, marks=marks)) == LETTERS


def test_mark_in_the_data_is_an_unknown_token() -> None:
    words = LabelSpec(key="y", task="text", length=5)
    encoded = encode_text(column("x [END] x"), words, with_specials(["x"], marks=True))
    assert encoded.numpy().tolist() == [[3, 2, 1, 2, 4]]


@pytest.mark.parametrize(("separator", "text"), [("", b"abc"), (" ", b"a b c")])
def test_indices_become_a_text(separator: str, text: bytes) -> None:
    tokens = with_specials(LETTERS, marks=True)
    ids = tf.constant([[[2, 3, 4, 6, 0], [6, 0, 0, 0, 0]]], tf.int64)
    written = write_text(ids, tokens, separator)
    assert written.shape == [1, 2]
    assert written.numpy().tolist() == [[text, b""]]


def test_no_indices_become_no_texts() -> None:
    written = write_text(tf.zeros([0, 2, 5], tf.int64), with_specials(LETTERS, marks=True), "")
    assert written.shape == [0, 2]


def test_reference_is_the_text_after_its_transforms() -> None:
    lower = Step(transform="standardize", arguments={"strip_punctuation": False})
    words = LabelSpec(key="y", task="text", transform=(lower, Step(transform="split")), length=5)
    assert reference_text(column("Ab  É", None), words).numpy().tolist() == [
        "ab é".encode(),
        b"",
    ]


def test_text_has_no_classes_and_only_a_text_has_a_length() -> None:
    with pytest.raises(ValueError, match="classes"):
        check_label(LabelSpec(key="y", task="text", classes=("a", "b")))
    with pytest.raises(ValueError, match="length"):
        check_label(LabelSpec(key="y", length=5))
