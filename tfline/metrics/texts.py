"""Metrics of written texts: exact match, BLEU and perplexity.

A text is turned into a few numbers whose sums over any examples give all three: `text_numbers`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Share, Statistic
from tfline.metrics.sums import ratio, totals, weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers

else:
    np = lazy_import("numpy")

ORDERS = 4
"""BLEU compares sequences of one to so many words."""

NUMBERS = 5 + 2 * ORDERS
"""How many numbers `text_numbers` makes of a text."""

_UNWRITTEN = frozenset({"perplexity", "example_count"})
"""The metrics that go by the references alone."""


def need_writing(metrics: Iterable[str]) -> bool:
    """Returns whether texts have to be written for any of these metrics."""
    return not _UNWRITTEN.issuperset(metrics)


def text_numbers(
    written: Sequence[bytes],
    references: Sequence[bytes],
    log_probabilities: Floats,
    tokens: Integers,
) -> Floats:
    """Returns what the metrics need of each text.

    Args:
        written: The best text of the model, [n].
        references: The text that it should have written, [n].
        log_probabilities: Of the reference, [n].
        tokens: How many tokens the reference has, its end mark included, [n].

    Returns:
        float64 [n, NUMBERS]: whether both are equal; log-probability and tokens; words written
        and in the reference; for each order the sequences of words that both have, and those
        that were written.
    """
    numbers = np.zeros((len(written), NUMBERS))
    numbers[:, 0] = [one == other for one, other in zip(written, references, strict=True)]
    numbers[:, 1] = log_probabilities
    numbers[:, 2] = tokens
    for row, pair in enumerate(zip(written, references, strict=True)):
        words, wanted = (text.split() for text in pair)
        numbers[row, 3:] = len(words), len(wanted), *_overlaps(words, wanted)
    return numbers


def _overlaps(words: Sequence[bytes], wanted: Sequence[bytes]) -> Iterator[int]:
    """Yields for each order how many sequences both have, each as often as in both; then all."""
    found = [_sequences(words, order) for order in range(1, ORDERS + 1)]
    for order, of_order in enumerate(found, start=1):
        yield (of_order & _sequences(wanted, order)).total()
    yield from (of_order.total() for of_order in found)


def _sequences(words: Sequence[bytes], order: int) -> Counter[tuple[bytes, ...]]:
    return Counter(zip(*(words[start:] for start in range(order)), strict=False))


@dataclasses.dataclass(frozen=True, eq=False)
class TextSums(Statistic):
    """Sums of the numbers of texts.

    Attributes:
        examples: How many texts there are, int64 [r].
        sums: float64 [r, NUMBERS]; see `text_numbers`.
    """

    examples: Integers
    sums: Floats

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Sums the numbers, which are the predictions."""
        return cls(weight_of(labels, weights), totals(predictions, weights))

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(self.examples + other.examples, self.sums + other.sums)


def equal_of_all(texts: TextSums) -> Share:
    """Returns the texts that are equal to their reference, among all."""
    return np.rint(texts.sums[:, 0]).astype(np.int64), texts.examples


def exact_match(texts: TextSums) -> Floats:
    """Returns the share of texts that are equal to their reference."""
    return ratio(texts.sums[:, 0], texts.examples)


def perplexity(texts: TextSums) -> Floats:
    """Returns exp of the mean negative log-probability of a token of the references, in nats."""
    return np.exp(-ratio(texts.sums[:, 1], texts.sums[:, 2]))


def bleu(texts: TextSums) -> Floats:
    """Returns BLEU of all texts together, 0 to 100 (Papineni et al. 2002).

    Words stand between white space. An order without a match counts as half of one match, the
    next such order as a quarter (Chen and Cherry 2014, smoothing 3), as in sacreBLEU. NaN where
    nothing as long as the largest order was written.
    """
    words, wanted = texts.sums[:, 3], texts.sums[:, 4]
    matches, written = texts.sums[:, 5 : 5 + ORDERS], texts.sums[:, 5 + ORDERS :]  # [r, ORDERS]
    missed = np.cumsum(matches == 0, axis=1)
    smoothed = np.where(matches == 0, 0.5**missed, matches)
    with np.errstate(divide="ignore", invalid="ignore"):
        precisions = np.log(smoothed / written)  # [r, ORDERS]
        brevity = np.minimum(0.0, 1.0 - wanted / words)  # [r]
    value = 100 * np.exp(brevity + precisions.mean(axis=1))
    value = np.where(matches[:, 0] == 0, 0.0, value)  # no word is right
    scores: Floats = np.where(written[:, -1] > 0, value, np.nan)
    return scores
