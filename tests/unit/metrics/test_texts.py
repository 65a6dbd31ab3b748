"""Metrics of texts: BLEU against sacreBLEU, the others against their definition."""

from __future__ import annotations

import random

import numpy as np
import pytest
import sacrebleu

from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS
from tfline.metrics.texts import (
    TextSums,
    bleu,
    equal_of_all,
    exact_match,
    need_writing,
    perplexity,
    text_numbers,
)

DECISION = Decision(0)


def sums(written: list[str], references: list[str]) -> TextSums:
    """Returns the statistic of texts whose probabilities do not matter."""
    ones = np.ones(len(written))
    encoded = [[text.encode() for text in texts] for texts in (written, references)]
    return TextSums.of(ones, text_numbers(*encoded, -ones, ones), DECISION)


def sentences(seed: int, count: int, most: int) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices("abcde", k=chance.randint(1, most))) for _ in range(count)]


def expected(written: list[str], references: list[str]) -> float:
    return float(sacrebleu.corpus_bleu(written, [references], tokenize="none", force=True).score)


@pytest.mark.parametrize("most", [4, 8, 30])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_bleu_is_that_of_sacrebleu(most: int, count: int) -> None:
    written, references = sentences(1, count, most), sentences(2, count, most)
    found = bleu(sums(written, references))
    if any(len(text.split()) >= 4 for text in written):
        np.testing.assert_allclose(found, [expected(written, references)], rtol=1e-6)
    else:
        assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        ("a b c d", "a b c d"),
        ("a b c d", "a b c d e f g"),
        ("a b c d e f g", "a b c d"),
        ("a c b d x", "a b c d y"),
        ("x x x x x", "a b c d e"),
        ("the the the the the the the", "the cat is on the mat"),
    ],
)
def test_bleu_of_a_single_text_is_that_of_sacrebleu(written: str, reference: str) -> None:
    np.testing.assert_allclose(
        bleu(sums([written], [reference])), [expected([written], [reference])], atol=1e-6
    )


def test_bleu_of_groups_adds_up_to_that_of_all() -> None:
    written, references = sentences(3, 60, 9), sentences(4, 60, 9)
    parts = [sums(written[i : i + 20], references[i : i + 20]) for i in (0, 20, 40)]
    added = parts[0] + parts[1] + parts[2]
    np.testing.assert_allclose(bleu(added), [expected(written, references)], rtol=1e-6)


def test_bleu_is_not_defined_for_texts_of_single_words() -> None:
    assert np.isnan(bleu(sums(["1987-03-03"], ["1987-03-03"]))).all()


def test_exact_match_is_the_share_of_equal_texts() -> None:
    texts = sums(["a b", "a", "", "é"], ["a b", "A", "", "e"])
    assert exact_match(texts).tolist() == [0.5]
    right, of_all = equal_of_all(texts)
    assert (right.tolist(), of_all.tolist()) == ([2], [4])


def test_perplexity_is_that_of_a_token() -> None:
    probabilities = np.array([0.5 * 0.25, 0.125])
    numbers = text_numbers([b"", b""], [b"x", b"y"], np.log(probabilities), np.array([2, 1]))
    texts = TextSums.of(np.ones(2), numbers, DECISION)
    np.testing.assert_allclose(perplexity(texts), [(0.5 * 0.25 * 0.125) ** (-1 / 3)])


def test_resamples_count_texts_as_often_as_they_are_drawn() -> None:
    written, references = sentences(5, 3, 9), sentences(6, 3, 9)
    ones = np.ones(3)
    encoded = [[text.encode() for text in texts] for texts in (written, references)]
    numbers = text_numbers(*encoded, -ones, ones)
    weights = np.array([[2, 1], [0, 1], [1, 1]])
    resampled = TextSums.of(ones, numbers, DECISION, weights)
    drawn = [0, 0, 2]
    of_drawn = expected([written[i] for i in drawn], [references[i] for i in drawn])
    np.testing.assert_allclose(bleu(resampled), [of_drawn, expected(written, references)], 1e-5)


def test_no_texts_have_no_value() -> None:
    empty = sums([], [])
    assert np.isnan([exact_match(empty), perplexity(empty), bleu(empty)]).all()


def test_texts_are_written_for_what_compares_them() -> None:
    names = [name for name, metric in METRICS.items() if metric.fits("text")]
    written = {name for name in names if need_writing([name])}
    assert written == {"bleu", "exact_match"}
    assert need_writing(["perplexity", "my_metrics.Rouge"])
