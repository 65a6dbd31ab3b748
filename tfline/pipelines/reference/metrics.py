"""Entries of the metrics: from their table."""

from __future__ import annotations

from functools import partial

from tfline.metrics.table import METRICS, Metric
from tfline.pipelines.reference import examples
from tfline.pipelines.reference.entry import Entry, Example, Makers
from tfline.tasks.table import TASKS

_BETTER = {
    "larger": "larger: `require` is a minimum",
    "smaller": "smaller: `require` is a maximum",
    None: "neither: write `{min: ...}` or `{max: ...}`",
}


def metrics() -> Makers:
    """Returns the metrics."""
    return {name: partial(_entry, name, metric) for name, metric in METRICS.items()}


def _entry(name: str, metric: Metric) -> Entry:
    description = metric.description
    fitting = [f"`{task}`" for task, asks in TASKS.items() if metric.fits(asks.family)]
    return Entry(
        kind="metric",
        name=name,
        summary=f"{description[0].upper()}{description[1:]}.",
        facts=(
            ("Tasks", ", ".join(fitting)),
            ("Better", _BETTER[metric.better]),
            ("Values", "one for each class, step or output" if metric.by_class else "one"),
            ("Measured", "always" if metric.usual else "if `evaluate` names it"),
        ),
        example=Example(examples.of_metric(name, metric)),
    )
