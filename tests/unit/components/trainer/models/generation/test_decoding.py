"""Beam search against the enumeration of all texts, and sampling against the probabilities."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.models.generation.decoding import (
    Texts,
    beam_search,
    repeat_rows,
    sample,
)

VOCABULARY, START, END = 7, 5, 6  # padding, unknown, three words, start and end
LENGTH = 3
WORDS = (1, 2, 3, 4, 5, 6)


class Language:
    """Logits that follow from the sentence and the last two tokens, as a table.

    Args:
        sentences: How many.
    """

    def __init__(self, sentences: int) -> None:
        rng = np.random.default_rng(3)
        self.table = rng.normal(0, 2, (sentences, VOCABULARY, VOCABULARY, VOCABULARY)).astype("f")

    def state(self, width: int) -> dict[str, tf.Tensor]:
        """The sentence, and the token before the last."""
        sentence = tf.range(len(self.table))
        return repeat_rows({"sentence": sentence, "before": tf.zeros_like(sentence)}, width)

    def step(
        self, token: tf.Tensor, position: tf.Tensor, state: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, Any]:
        """Reads a token."""
        token = tf.cast(token, tf.int32)
        place = tf.stack([state["sentence"], state["before"], token], axis=1)
        return tf.gather_nd(self.table, place), {**state, "before": token}

    def log_probabilities(self, sentence: int, before: int, token: int) -> np.ndarray:
        """Of the next token; padding has none."""
        logits = self.table[sentence, before, token][1:].astype(np.float64)
        return np.concatenate([[-np.inf], logits - np.log(np.exp(logits).sum())])

    def enumerate(self, sentence: int, penalty: float) -> list[tuple[float, tuple[int, ...]]]:
        """Returns every text with its score, the best first."""
        found = []
        for length in range(1, LENGTH + 1):
            for text in itertools.product(WORDS, repeat=length):
                whole = text[-1] == END or length == LENGTH
                if not whole or END in text[:-1]:
                    continue
                history = (0, START, *text)
                score = sum(
                    self.log_probabilities(sentence, history[i], history[i + 1])[history[i + 2]]
                    for i in range(length)
                )
                found.append((score / ((5 + length) / 6) ** penalty, text))
        return sorted(found, reverse=True)

    def search(self, width: int, penalty: float = 0.0, end: int | None = END) -> Texts:
        """Searches in a graph, as an exported model does."""

        @tf.function
        def run() -> Texts:
            first = tf.fill([len(self.table)], tf.constant(START, tf.int64))
            return beam_search(
                self.step, self.state(width), first,
                end=end, length=LENGTH, width=width, length_penalty=penalty,
            )  # fmt: skip

        return run()


@pytest.fixture(scope="module")
def language() -> Language:
    return Language(sentences=4)


def padded(text: tuple[int, ...]) -> list[int]:
    return [*text, *[0] * (LENGTH - len(text))]


@pytest.mark.parametrize("penalty", [0.0, 0.6, 1.0])
def test_wide_beam_finds_what_exhaustive_search_does(language: Language, penalty: float) -> None:
    everything = [language.enumerate(sentence, penalty) for sentence in range(4)]
    width = len(everything[0])  # wide enough to drop no text on the way
    tokens, scores = language.search(width, penalty)
    for sentence, expected in enumerate(everything):
        np.testing.assert_allclose(scores[sentence], [score for score, _ in expected], rtol=1e-5)
        assert tokens[sentence].numpy().tolist() == [padded(text) for _, text in expected]


def test_beam_of_width_one_is_greedy(language: Language) -> None:
    tokens, _ = language.search(width=1)
    for sentence in range(4):
        text, history = [], (0, START)
        while len(text) < LENGTH and history[1] != END:
            token = int(language.log_probabilities(sentence, *history).argmax())
            text.append(token)
            history = (history[1], token)
        assert tokens[sentence, 0].numpy().tolist() == padded(tuple(text))


def test_wider_beam_is_no_worse_and_some_time_better(language: Language) -> None:
    many = Language(sentences=64)
    narrow, wide = (many.search(width).scores[:, 0].numpy() for width in (1, 8))
    best = [many.enumerate(sentence, 0.0)[0][0] for sentence in range(64)]
    assert (wide >= narrow - 1e-6).all()
    assert (wide > narrow + 1e-6).any()
    np.testing.assert_allclose(wide, best, rtol=1e-5)


def test_length_penalty_prefers_longer_texts(language: Language) -> None:
    many = Language(sentences=64)
    short, long = (
        np.count_nonzero(many.search(6, penalty).tokens[:, 0], axis=1).mean()
        for penalty in (0.0, 2.0)
    )
    assert long > short


def test_text_without_end_mark_is_as_long_as_may_be(language: Language) -> None:
    tokens, _ = language.search(width=3, end=None)
    assert (tokens.numpy() > 0).all()


def test_texts_that_are_fewer_than_the_beam_have_no_score() -> None:
    language = Language(sentences=1)
    everything = language.enumerate(0, 0.0)
    _, scores = language.search(len(everything) + 2)
    assert np.isneginf(scores[0]).tolist() == [False] * len(everything) + [True] * 2


def draw(language: Language, temperature: float, seeds: list[int]) -> np.ndarray:
    """Draws a text for the first sentence with each seed, in a graph."""
    rows = len(seeds)

    @tf.function
    def run() -> tf.Tensor:
        return sample(
            language.step,
            {"sentence": tf.zeros([rows], tf.int32), "before": tf.zeros([rows], tf.int32)},
            tf.fill([rows], tf.constant(START, tf.int64)),
            end=END,
            length=LENGTH,
            temperature=tf.fill([rows], temperature),
            seed=tf.constant(seeds, tf.int64),
        )

    return run().numpy()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_first_token_is_drawn_by_its_probability(language: Language, temperature: float) -> None:
    drawn = draw(language, temperature, [*range(4000)])[:, 0]
    found = np.bincount(drawn, minlength=VOCABULARY) / len(drawn)
    logits = language.table[0, 0, START] / temperature
    logits[0] = -math.inf
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    np.testing.assert_allclose(found, expected, atol=0.03)  # four deviations


def test_temperature_of_zero_is_greedy(language: Language) -> None:
    assert (draw(language, 0.0, [1, 2, 3]) == language.search(1).tokens[0, 0].numpy()).all()


def test_seed_alone_decides_what_is_drawn(language: Language) -> None:
    together = draw(language, 1.5, [*range(20)])
    assert len({tuple(text) for text in together.tolist()}) > 5
    for seed in (0, 7, 19):
        assert (draw(language, 1.5, [seed])[0] == together[seed]).all()


def test_nothing_follows_the_end(language: Language) -> None:
    for text in draw(language, 2.0, [*range(100)]).tolist():
        end = text.index(END) if END in text else LENGTH
        assert all(token > 0 for token in text[:end])
        assert all(token == 0 for token in text[end + 1 :])
