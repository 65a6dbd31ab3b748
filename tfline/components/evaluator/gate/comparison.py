"""How a model compares with the live one, where no rule asks.

A gate that said nothing of it would let a slow decline pass unseen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.gate.claims import difference_interval
from tfline.components.evaluator.measuring.results import SliceResult, Uncertainty
from tfline.metrics.table import METRICS

_COMPARED = ("auc", "accuracy", "rmse", "mae")
"""The metrics that are compared, if they were measured; at most the first two."""

_MOST = 2


def compare(overall: SliceResult, config: EvaluateConfig) -> Iterator[str]:
    """Yields a line for each compared metric that no rule compares with the baseline."""
    if overall.baseline is None or config.change:
        return
    known = [
        name
        for name in _COMPARED
        if not math.isnan(overall.candidate.numbers.get(name, math.nan))
        and not math.isnan(overall.baseline.numbers.get(name, math.nan))
    ]
    for name in known[:_MOST]:
        value, before = overall.candidate.numbers[name], overall.baseline.numbers[name]
        uncertainty = overall.uncertainty.get((name, None), Uncertainty())
        interval = difference_interval(name, value - before, uncertainty)
        words = f"{name} {value:.4g} against the baseline's {before:.4g}: "
        if interval is None:
            yield f"{words}{value - before:+.3g}"
            continue
        low, high = interval
        level = f"{100 * config.confidence:g} % interval {low:+.2g} to {high:+.2g}"
        if low <= 0 <= high:
            yield f"{words}no difference that chance cannot explain ({level}; no rule compares)"
        else:
            better = (low > 0) == (METRICS[name].better == "larger")
            yield f"{words}{'better' if better else 'worse'} ({level}; no rule compares)"
