"""What a model reaches on each split, where a part of the train split's own data was held out.

With a split ``train_dev``, of the same source as ``train`` but not learned from, the distance from
train to eval falls into parts that have different remedies (Ng 2018, Machine Learning Yearning,
chapters 40 to 43):

    train                   what is left is bias, beside what nobody could get right
    train to train_dev      variance: more data, more regularization
    train_dev to eval       a mismatch of data: other data, or data made more alike
    eval to test            settings that were chosen by eval
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.measuring.resamples import resample_weights
from tfline.components.evaluator.reading.blocks import read_blocks
from tfline.components.evaluator.reading.counting import Counting, find_counting
from tfline.components.evaluator.reading.groups import Group, group_block
from tfline.components.evaluator.reading.model import ModelCard, Predictor
from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.table import METRICS

MOST_RECORDS = 50_000
"""So many records of a split are measured, or a block more; as many of each file."""

STEPS = {
    ("train", "train_dev"): "variance",
    ("train_dev", "eval"): "mismatch of data",
    ("eval", "test"): "choice by eval",
}
"""What makes a model worse from one split to the next."""


@dataclasses.dataclass(frozen=True)
class OfSplit:
    """What a model reaches on a split.

    Attributes:
        split: Its name.
        records: How many were measured.
        value: Of the metric.
        low: Lower end of its interval.
        high: Upper end.
        step: What makes it worse than on the split before; empty for the first.
        worse: By how much it is; below 0: it is better.
    """

    split: str
    records: int
    value: float
    low: float
    high: float
    step: str = ""
    worse: float = 0.0


@dataclasses.dataclass(frozen=True)
class BySplit:
    """What a model reaches on each split, from train to test.

    Attributes:
        metric: What is measured.
        splits: In the order of `STEPS`.
    """

    metric: str
    splits: tuple[OfSplit, ...]

    @property
    def reason(self) -> str:
        """Both in words: ``accuracy 0.99 on train, 0.9 on eval: variance 0.09``."""
        values = ", ".join(f"{found.value:.4g} on {found.split}" for found in self.splits)
        steps = ", ".join(f"{found.step} {found.worse:.3g}" for found in self.splits if found.step)
        return f"{self.metric} {values}: {steps}"


def measure_splits(
    files: Mapping[str, Sequence[str]],
    predictor: Predictor,
    card: ModelCard,
    config: EvaluateConfig,
) -> BySplit | None:
    """Measures a model on each split by the metric that naive models are compared by.

    Args:
        files: TFRecord files of tf.Examples by split, with all splits of `STEPS` that there are.
        predictor: The model.
        card: What it predicts.
        config: Threshold, weight, confidence, resamples and seed.

    Returns:
        None of a task without such a metric, or if a split has no record with a label.
    """
    task = card.asks
    if not task.compared:
        return None
    order = dict.fromkeys(itertools.chain(*STEPS))
    found: list[OfSplit] = []
    for split in order:
        if split in files:
            measured = _measure(split, files[split], predictor, card, config)
            if measured is None:
                return None
            found.append(measured)
    sign = 1 if METRICS[task.compared].better == "smaller" else -1
    for index in range(1, len(found)):
        before, after = found[index - 1], found[index]
        step = STEPS.get((before.split, after.split), "")
        worse = sign * (after.value - before.value)
        found[index] = dataclasses.replace(after, step=step, worse=worse)
    return BySplit(task.compared, tuple(found))


def _measure(
    split: str,
    files: Sequence[str],
    predictor: Predictor,
    card: ModelCard,
    config: EvaluateConfig,
) -> OfSplit | None:
    """Returns what a model reaches on a split; None if it has no record with a label."""
    task = card.asks
    metric = task.metrics[task.compared]
    decision = Decision(len(card.classes), config.threshold)
    counting = find_counting(config.weight, config.unit, files)
    exact: Statistic | None = None
    sums: Statistic | None = None
    records = 0
    for group in _groups(files, predictor, card, config, counting):
        [predicted] = group.predictions.values()
        given = group.labels, predicted, decision
        weights = resample_weights(group, config.seed, config.resamples)
        one = metric.statistic.of(*given, group.column_of_weights)
        many = metric.statistic.resample(*given, weights)
        exact = one if exact is None else exact + one
        sums = many if sums is None else sums + many
        records += len(group.labels)
    if exact is None or sums is None:
        return None
    value = float(np.asarray(metric.compute(task.family, exact))[0])
    resampled = np.asarray(metric.compute(task.family, sums))[1:]
    known = resampled[np.isfinite(resampled)]
    tail = (1 - config.confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if known.size else (np.nan, np.nan)
    return OfSplit(split, records, value, float(low), float(high))


def _groups(
    files: Sequence[str],
    predictor: Predictor,
    card: ModelCard,
    config: EvaluateConfig,
    counting: Counting,
) -> Iterator[Group]:
    """Yields some of the examples of each file, block by block."""
    most = MOST_RECORDS / len(files)
    for file in files:
        seen = 0
        for block in read_blocks(file, card, {"": predictor}, (), config.batch_size, counting):
            yield from group_block(block, ())
            seen += len(block.labels)
            if seen >= most:
                break
