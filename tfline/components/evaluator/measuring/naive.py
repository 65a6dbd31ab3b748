"""A model beside naive ones on the same records: is it worth having at all?

The Trainer writes what predicts naively (`tfline.components.artifacts.naive`). Here one metric of
the task is measured of each and of the model, with a paired bootstrap of the difference.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tfline.components.artifacts.naive import OUTPUTS
from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.measuring.pieces import Pieces
from tfline.components.evaluator.measuring.resamples import expanded_tail, resample_weights
from tfline.components.evaluator.reading.blocks import read_blocks
from tfline.components.evaluator.reading.counting import Counting
from tfline.components.evaluator.reading.groups import Group, group_block
from tfline.components.evaluator.reading.model import ModelCard, Predictor
from tfline.metrics.arrays import Floats
from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.table import METRICS
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")

MARGIN = 0.01
"""So much may a linear model be better: of a share as it is, of an error as a share of it."""

_MODEL = ""


@dataclasses.dataclass(frozen=True)
class Naive:
    """How a model compares with a naive one.

    Attributes:
        name: One of `OUTPUTS`.
        metric: What is compared.
        value: What the naive model reaches.
        model: What the model reaches.
        low: Lower end of the interval of how much better the model is; below 0: worse.
        high: Upper end.
        beaten: Whether the model is better, and that is no chance; of a linear model, which may be
            all that there is to learn: whether it is not worse by more than `MARGIN`.
    """

    name: str
    metric: str
    value: float
    model: float
    low: float
    high: float
    beaten: bool

    @property
    def reason(self) -> str:
        """The comparison in words."""
        verb = "beats" if self.beaten else "does not beat"
        if self.name == "linear" and self.beaten and self.low <= 0:
            verb = "is no better than"
        return (
            f"{self.metric} {self.model:.4g} {verb} {OUTPUTS[self.name]}: {self.value:.4g} "
            f"(better by {self.low:.3g} to {self.high:.3g})"
        )


def measure_naive(
    files: Sequence[str],
    predictor: Predictor,
    folder: str,
    card: ModelCard,
    config: EvaluateConfig,
    counting: Counting,
) -> list[Naive]:
    """Compares a model with the naive ones beside it.

    Args:
        files: TFRecord files of tf.Examples.
        predictor: The model.
        folder: The SavedModel of the naive ones.
        card: What they predict.
        config: Confidence, resamples and seed.
        counting: What says how examples count.
    """
    signature = tf.saved_model.load(folder).signatures["serving_default"]
    names = [name for name in OUTPUTS if name in signature.structured_outputs]
    predictors: dict[str, Any] = {_MODEL: predictor}
    predictors |= {name: _output(signature, name) for name in names}
    task = card.asks
    metric = task.metrics[task.compared]
    decision = Decision(len(card.classes), config.threshold)
    exact: dict[str, Statistic] = {}
    sums: dict[str, Statistic] = {}
    pieces: Pieces | None = None
    for group in _groups(files, card, predictors, config, counting):
        weights = resample_weights(group, config.seed, config.resamples)
        more = Pieces.of(group, binary=task.family == "binary")
        pieces = more if pieces is None else pieces + more
        for name, predicted in group.predictions.items():
            examples = group.labels, predicted, decision
            _add(exact, name, metric.statistic.of(*examples, group.column_of_weights))
            _add(sums, name, metric.statistic.resample(*examples, weights))
    if pieces is None:
        return []
    effective = pieces.effective(metric)
    values = {}
    for name, total in sums.items():
        resampled = np.asarray(metric.compute(task.family, total))
        # Resamples may bin the scores; the value is the one that the metric has everywhere else.
        off = np.asarray(metric.compute(task.family, exact[name])) - resampled[0]
        values[name] = resampled + off
    return [
        compare(name, task.compared, values[_MODEL], values[name], config.confidence, effective)
        for name in names
        if np.isfinite(values[name][0]) and np.isfinite(values[_MODEL][0])
    ]


def _add(sums: dict[str, Statistic], name: str, found: Statistic) -> None:
    sums[name] = sums[name] + found if name in sums else found


def _groups(
    files: Sequence[str],
    card: ModelCard,
    predictors: Mapping[str, Any],
    config: EvaluateConfig,
    counting: Counting,
) -> Iterator[Group]:
    """Yields all examples, block by block."""
    for file in files:
        for block in read_blocks(file, card, predictors, (), config.batch_size, counting):
            yield from group_block(block, ())


def _output(signature: Any, name: str) -> Any:
    def predict(examples: tf.Tensor) -> tf.Tensor:
        return signature(examples=examples)[name]

    return predict


def compare(
    name: str,
    metric: str,
    model: Floats,
    naive: Floats,
    confidence: float,
    pieces: float = math.inf,
) -> Naive:
    """Compares two models by what they reach on the same resamples.

    Args:
        name: Of the naive model.
        metric: What is compared.
        model: Its values of the model, [1 + resamples]; the first is that of all records.
        naive: Those of the naive model, [1 + resamples].
        confidence: Of one side of the interval.
        pieces: How many independent examples of equal weight say as much.
    """
    is_error = METRICS[metric].better == "smaller"
    better = naive - model if is_error else model - naive  # [1 + resamples]
    known = better[1:][np.isfinite(better[1:])]
    low, high = _interval(known, 1 - confidence, pieces)
    if name == "linear":
        margin = MARGIN * float(naive[0]) if metric in ("rmse", "mae") else MARGIN
        beaten = bool(better[0] >= -margin or high >= 0)
    else:
        beaten = bool(better[0] > 0 and low > 0)
    return Naive(name, metric, float(naive[0]), float(model[0]), low, high, beaten)


def _interval(values: Floats, tail: float, pieces: float) -> tuple[float, float]:
    """Returns the ends of an interval of resampled values; the whole line if they tell nothing."""
    if not values.size:
        return 0.0, 0.0
    if pieces <= 1:
        return -math.inf, math.inf
    tail = tail if math.isinf(pieces) else expanded_tail(tail, pieces)
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
