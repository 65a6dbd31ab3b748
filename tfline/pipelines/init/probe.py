"""A look in seconds: does a linear model, or do trees, do better on a sample of a table?

It decides only with which model a spec begins. scikit-learn's models stand for the two families;
the folds and the metric are the same for both.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.label import Label

LEAST = 100
"""Fewer records tell nothing."""

_MOST = 4_000
_MOST_COLUMNS = 200
_FOLDS = 3
_MOST_CLASSES = 10
_LEAST_OF_CLASS = 10
_CATEGORIES = 20
_METRICS = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "r2"}


@dataclasses.dataclass(frozen=True)
class Probe:
    """What the two families reach on records that are held out.

    Attributes:
        metric: What was measured; more is better.
        linear: What a linear model reaches.
        trees: What boosted trees reach.
    """

    metric: str
    linear: float
    trees: float

    @property
    def note(self) -> str:
        """Why a spec does not begin with trees."""
        return (
            f"no trees: on a sample a linear model does better, {self.metric} {self.linear:.3f} "
            f"against {self.trees:.3f}"
        )


def probe(sample: Sample, kept: Mapping[str, Kind], label: Label) -> Probe | None:
    """Compares a linear model with boosted trees; None where the sample cannot tell.

    Args:
        sample: The records.
        kept: The columns that are features, and what they are; only numbers, codes and categories
            are looked at.
        label: What is predicted.
    """
    answer = sample.columns[label.name]
    known = np.flatnonzero([len(values) == 1 for values in answer.values])
    rows = known[:: max(1, len(known) // _MOST)]
    read = [name for name, kind in kept.items() if kind in ("number", "code", "category")]
    if label.task not in _METRICS or len(rows) < LEAST or not 0 < len(read) <= _MOST_COLUMNS:
        return None
    values = [answer.values[row][0] for row in rows]
    target = np.array(values, np.float64) if label.task == "regression" else _codes(values)
    if label.task != "regression":
        counts = np.bincount(target)
        if len(counts) > _MOST_CLASSES or counts.min() < _LEAST_OF_CLASS:
            return None
    x = np.concatenate([_columns(sample.columns[n], kept[n], rows) for n in read], axis=1)
    return _compare(x, target, label.task)


def _codes(values: list[Any]) -> npt.NDArray[np.intp]:
    return np.unique(np.array([str(value) for value in values]), return_inverse=True)[1]


def _columns(column: Column, kind: Kind, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Returns a number as it is, NaN where it is missing; a code or a category as a column each."""
    values = [column.values[row] for row in rows]
    if kind == "number":
        return np.array([[one[0] if one else np.nan] for one in values], np.float64)
    frequent = [term for term, _ in column.counts.most_common(_CATEGORIES)]
    return np.array([[one[:1] == (term,) for term in frequent] for one in values], np.float64)


def _compare(x: npt.NDArray[np.float64], target: npt.NDArray[Any], task: str) -> Probe:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    is_number = task == "regression"
    linear = Ridge() if is_number else LogisticRegression(max_iter=200)
    grow = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
    models = (
        make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler(), linear),
        grow(learning_rate=0.05, max_iter=100, random_state=0),
    )
    folds = (KFold if is_number else StratifiedKFold)(_FOLDS, shuffle=True, random_state=0)
    with threadpool_limits(limits=1), warnings.catch_warnings():  # threads wait for one another
        warnings.simplefilter("ignore")  # of a linear model that could be fitted longer
        reached = [
            float(cross_val_score(model, x, target, cv=folds, scoring=_METRICS[task]).mean())
            for model in models
        ]
    metric = _METRICS[task].removeprefix("roc_")
    return Probe(metric, linear=reached[0], trees=reached[1])
