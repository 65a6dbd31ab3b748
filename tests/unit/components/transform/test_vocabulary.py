"""The vocabulary of a text is found in the train split."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow as tf

from tfline.components.transform.preprocessing import transform_feature
from tfline.components.transform.vocabulary import find_vocabulary, prompt_feature
from tfline.transforms.analysis.passes import run_together
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import LabelSpec, Step
from tfline.transforms.target_text import with_specials
from tfline.transforms.value_counts import ONE

WORDS = LabelSpec(key="y", task="text")
LETTERS = LabelSpec(
    key="y", task="text", transform=(Step(transform="split", arguments={"by": "character"}),)
)


@pytest.fixture
def files(tmp_path: Path, write_rows) -> list[str]:
    """Returns a file with some texts; one record has none."""
    texts = ["to be or", "not to be", None, "é"]
    return [str(write_rows(tmp_path / "train", [{"y": text, "x": 1} for text in texts]))]


def test_tokens_are_found_the_most_frequent_first(files: list[str]) -> None:
    label, tokens = find_vocabulary(WORDS, tf.string, files)
    assert tokens == with_specials(["to", "be", "é", "or", "not"], marks=True)
    assert label.length == 3 + 2


def test_length_and_number_of_tokens_may_be_given(files: list[str]) -> None:
    given = WORDS.model_copy(update={"length": 9, "top_k": 2, "marks": False})
    label, tokens = find_vocabulary(given, tf.string, files)
    assert tokens == with_specials(["to", "be"], marks=False)
    assert label.length == 9


def test_no_text_at_all_is_refused(tmp_path: Path, write_rows) -> None:
    path = write_rows(tmp_path / "train", [{"y": "", "x": 1}])
    with pytest.raises(AnomalyError, match="'y' has no text in the train split"):
        find_vocabulary(WORDS, tf.string, [str(path)])


def test_token_that_is_no_text_is_refused(tmp_path: Path, write_rows) -> None:
    path = write_rows(tmp_path / "train", [{"y": b"\xff\xfe"}])
    with pytest.raises(AnomalyError, match="not UTF-8"):
        find_vocabulary(WORDS, tf.string, [str(path)])


def test_prompt_has_the_indices_of_the_text_and_keeps_its_end(files: list[str]) -> None:
    label, tokens = find_vocabulary(LETTERS.model_copy(update={"length": 5}), tf.string, files)
    feature = prompt_feature(label, tokens)
    column = tf.ragged.constant([[b"to be"], [b"o"], []], dtype=tf.string, ragged_rank=1)
    [ids] = run_together([transform_feature({"y": column.to_sparse()}, feature, {"y": ONE})])
    index = {token: place for place, token in enumerate(tokens)}
    start = index["[START]"]
    assert ids.numpy().tolist() == [
        [start, index["o"], index[" "], index["b"], index["e"]],
        [start, index["o"], 0, 0, 0],
        [start, 0, 0, 0, 0],
    ]
