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
    """What a model reaches on each split by one metric, from train to test.

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
) -> list[BySplit]:
    """Measures a model on each split, by the metric that naive models are compared by.

    Classes have their accuracy, too: it falls where scores are shifted, which keep their order.

    Args:
        files: TFRecord files of tf.Examples by split, with all splits of `STEPS` that there are.
        predictor: The model.
        card: What it predicts.
        config: Threshold, weight, confidence, resamples and seed.

    Returns:
        What is measured by each metric; nothing of a task without such a metric, or if a split has
        no record with a label.
    """
    task = card.asks
    accuracy = "accuracy" if task.one_class else ""
    names = [name for name in dict.fromkeys((task.compared, accuracy)) if name in task.metrics]
    order = [split for split in dict.fromkeys(itertools.chain(*STEPS)) if split in files]
    found = [_measure(split, files[split], names, predictor, card, config) for split in order]
    if not all(found):
        return []
    return [_compared(name, [of_split[name] for of_split in found]) for name in names]


def _compared(metric: str, found: Sequence[OfSplit]) -> BySplit:
    """Returns what a metric is on each split, with what it loses from one to the next."""
    sign = 1 if METRICS[metric].better == "smaller" else -1
    steps = [
        dataclasses.replace(
            after,
            step=STEPS.get((before.split, after.split), ""),
            worse=sign * (after.value - before.value),
        )
        for before, after in itertools.pairwise(found)
    ]
    return BySplit(metric, (found[0], *steps))


def _measure(
    split: str,
    files: Sequence[str],
    names: Sequence[str],
    predictor: Predictor,
    card: ModelCard,
    config: EvaluateConfig,
) -> dict[str, OfSplit]:
    """Returns what a model reaches on a split by metric; nothing without a record with a label."""
    task = card.asks
    decision = Decision(len(card.classes), config.threshold)
    counting = find_counting(config.weight, config.unit, files)
    exact: dict[str, Statistic] = {}
    sums: dict[str, Statistic] = {}
    records = 0
    for group in _groups(files, predictor, card, config, counting):
        [predicted] = group.predictions.values()
        given = group.labels, predicted, decision
        weights = resample_weights(group, config.seed, config.resamples)
        for name in names:
            statistic = task.metrics[name].statistic
            one = statistic.of(*given, group.column_of_weights)
            many = statistic.resample(*given, weights)
            exact[name] = exact[name] + one if name in exact else one
            sums[name] = sums[name] + many if name in sums else many
        records += len(group.labels)
    tail = (1 - config.confidence) / 2
    found = {}
    for name in exact:
        compute = task.metrics[name].compute
        value = float(np.asarray(compute(task.family, exact[name]))[0])
        resampled = np.asarray(compute(task.family, sums[name]))[1:]
        known = resampled[np.isfinite(resampled)]
        low, high = np.quantile(known, [tail, 1 - tail]) if known.size else (np.nan, np.nan)
        found[name] = OfSplit(split, records, value, float(low), float(high))
    return found


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
