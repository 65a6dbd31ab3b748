"""How long a model is trained, what it is judged by and on which slices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfline.metrics.table import METRICS
from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.label import Label
from tfline.pipelines.init.split import EVAL
from tfline.pipelines.init.words import PROTECTED, has_word, words_of

MOST_SLICES = 3

_STEPS = 4_000
_BATCHES = ((2_000, 32), (20_000, 64), (200_000, 128), (2_000_000, 512))
_LARGEST_BATCH = 1024
_EPOCHS = (3, 200)
_SLICE_VALUES = 12
_SLICE_SIZE = 50
_MOST_WORDS = 2
_LOSS = 0.01


def train_settings(records: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns how long a model is trained: about equally many steps, whatever the data.

    Args:
        records: How many records there are.
        wanted: What the model itself wants.
    """
    learnt = max(1, round(records * (1 - EVAL)))
    batch = next((size for most, size in _BATCHES if learnt < most), _LARGEST_BATCH)
    epochs = min(max(round(_STEPS * batch / learnt), _EPOCHS[0]), _EPOCHS[1])
    # A rate that falls to the end gains most by its last third: stopping early is not to be early.
    patience = epochs // 3 if "schedule" in wanted else epochs // 10
    return {"epochs": epochs, "batch_size": batch, "early_stopping": max(2, patience), **wanted}


def bounds(label: Label, sample: Sample, naive_error: float | None) -> tuple[dict[str, float], str]:
    """Returns what a model has to reach, and what reaches that much without learning.

    Args:
        label: What is predicted.
        sample: The records.
        naive_error: Of a forecast, the mean absolute error of the last known value.
    """
    if label.task == "binary":
        return {"auc": 0.5}, "auc 0.5 is chance"
    if label.task == "regression":
        return {"r2": 0}, "r2 0 is the mean"
    if label.task == "forecast" and naive_error:
        error = float(f"{naive_error:.3g}")
        error = int(error) if error.is_integer() else error
        return {"mae": error}, f"mae {error:g} is the last known value"
    if label.task == "multiclass":
        column = sample.columns[label.name]
        share = max(column.counts.values()) / column.present
        return {
            "accuracy": float(f"{share:.3g}")
        }, f"accuracy {share:.3g} is the most frequent class"
    return {}, ""


def tolerated(bounds: Mapping[str, float]) -> dict[str, float]:
    """Returns how much worse than the live model a metric may be: a hundredth, or of its error.

    Args:
        bounds: By metric, what is reached without learning.
    """
    return {
        name: _LOSS if METRICS[name].better == "larger" else float(f"{_LOSS * bound:.2g}")
        for name, bound in bounds.items()
    }


def slices(sample: Sample, kinds: Mapping[str, Kind], label: str) -> tuple[list[Any], str]:
    """Returns what is looked at by itself: what people are protected by, then few-valued columns.

    Args:
        sample: The records.
        kinds: What each column is.
        label: It is no slice.
    """
    protected = [name for name in kinds if name != label and looks_protected(name)]
    first = [one for name in protected if (one := _slice(sample.columns[name], kinds[name]))]
    others = [
        name
        for name, kind in kinds.items()
        if name != label and name not in protected and kind == "category"
        and 2 <= sample.columns[name].distinct <= _SLICE_VALUES
        and _is_large(sample, sample.columns[name])
    ]  # fmt: skip
    chosen = [*first, *others][:MOST_SLICES]
    named = [name for name in protected[: len(first)] if first]
    return chosen, f"{', '.join(named)} first: people are not to be judged by it" if named else ""


def looks_protected(name: str) -> bool:
    """Tells whether a column is named like what people are protected by; not the age of a house."""
    return has_word(name, PROTECTED) and len(words_of(name)) <= _MOST_WORDS


def _slice(column: Column, kind: Kind) -> Any:
    """Returns how a column that people are protected by is sliced; None: it cannot be."""
    if kind in ("category", "code") and column.distinct <= 4 * _SLICE_VALUES:
        return column.name
    if kind != "number":
        return None
    edges = [float(f"{column.quantile(share):.2g}") for share in (1 / 3, 2 / 3)]
    return (
        {column.name: [int(e) if e.is_integer() else e for e in edges]}
        if edges[0] < edges[1]
        else None
    )


def _is_large(sample: Sample, column: Column) -> bool:
    """Tells whether two values at least are frequent enough in the eval split to decide."""
    expected = [count * EVAL * sample.records / sample.size for count in column.counts.values()]
    return sum(count >= _SLICE_SIZE for count in expected) >= 2
