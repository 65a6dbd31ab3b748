"""A prediction, as a client gets it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Explanation:
    """What led to an answer.

    Attributes:
        attributions: Raw feature to what it has added to the score; of an answer of several
            numbers, to each of them.
        baseline: What is added to: the score of the average record.
        score: The sum of all of it.
        unit: What a score is, in words, such as ``log-odds``.
    """

    attributions: Mapping[str, float | tuple[float, ...]]
    baseline: float | tuple[float, ...]
    score: float | tuple[float, ...]
    unit: str


@dataclass(frozen=True)
class DetectedObject:
    """An object of a picture.

    Attributes:
        label: Its class.
        score: How probable it is.
        box: Where it is: top, left, bottom and right, in shares of the picture.
    """

    label: str
    score: float
    box: tuple[float, ...]


@dataclass(frozen=True)
class Prediction:
    """The answer for one row.

    Attributes:
        label: The most probable class; None if there is not one of them.
        labels: The classes that a record is of, if it may be of several.
        probabilities: Class to probability; empty for numbers.
        top: The most probable classes, with their probabilities, the most probable first; empty if
            the spec asks for none by `top_k`.
        value: The predicted number; None if there is not one of them.
        values: The predicted numbers: the outputs of a regression, the steps of a forecast.
        texts: The texts that were written, the best first.
        scores: The logarithm of the probability of each, divided by its length penalty; empty for
            texts that were drawn.
        box: Where what is of the class is: top, left, bottom and right, in shares of the image.
        objects: The objects that were found in a picture, the surest first; None if the model looks
            for none.
        mask: The index of the class of each pixel, row by row.
        image: The numbers of each row of an image, from 0 to 1, those of a pixel side by side.
        quantiles: Level to the quantile of the number, or of each of `values`: of a model that was
            trained to predict quantiles.
        deviations: The standard deviation, under dropout, of the number, of each of `values`, or
            of each of `probabilities`; empty unless it was asked for.
        explanation: What led to the answer, if that was asked for.
        bounds: Between which two values the number, or each of `values`, lies as often as the spec
            asks for by `intervals`; empty if it does not.
        prediction_set: The classes among which the true one is that often; None if it does not.
    """

    label: str | None = None
    labels: tuple[str, ...] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    top: tuple[tuple[str, float], ...] = ()
    value: float | None = None
    values: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    box: tuple[float, ...] = ()
    objects: tuple[DetectedObject, ...] | None = None
    mask: tuple[tuple[int, ...], ...] = ()
    image: tuple[tuple[float, ...], ...] = ()
    quantiles: Mapping[float, tuple[float, ...]] = field(default_factory=dict)
    deviations: tuple[float, ...] = ()
    explanation: Explanation | None = None
    bounds: tuple[tuple[float, float], ...] = ()
    prediction_set: tuple[str, ...] | None = None

    def intervals(self, confidence: float = 0.95) -> tuple[tuple[float, float], ...]:
        """Returns where each number, or each probability, lies under dropout, as (low, high).

        Args:
            confidence: How many of the models that dropout makes are between the two, were they
                spread as a normal distribution. The report says how many labels are.

        Raises:
            ValueError: There are no `deviations`, or the confidence is not between 0 and 1.
        """
        if not self.deviations:
            raise ValueError("The prediction has no deviations; ask for them by `monte_carlo`")
        reach = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
        alone = () if self.value is None else (self.value,)
        middles = alone or self.values or tuple(self.probabilities.values())
        return tuple(
            (middle - reach * deviation, middle + reach * deviation)
            for middle, deviation in zip(middles, self.deviations, strict=True)
        )
