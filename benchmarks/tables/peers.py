"""LightGBM, CatBoost and scikit-learn's gradient boosting with their defaults; no tfline here.

    python peers.py FOLDER LABEL TASK

The folder has ``train.parquet`` and ``test.parquet``. A line of JSON is printed for each model.
Run in an environment that has these packages: see `benchmarks.tables.__main__`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

MOST_CATEGORIES = 255
"""scikit-learn takes no more of a column; further ones are missing values there."""


def light(train: pd.DataFrame, y: np.ndarray, is_number: bool) -> Any:
    """Returns LightGBM, which knows categories by their type."""
    model = lightgbm.LGBMRegressor if is_number else lightgbm.LGBMClassifier
    return model(verbose=-1).fit(train, y)


def cat(train: pd.DataFrame, y: np.ndarray, is_number: bool) -> Any:
    """Returns CatBoost, which is told the columns of categories."""
    model = catboost.CatBoostRegressor if is_number else catboost.CatBoostClassifier
    named = _categories(train)
    return model(verbose=False, allow_writing_files=False, cat_features=named).fit(
        _with_names(train), y
    )


def hist(train: pd.DataFrame, y: np.ndarray, is_number: bool) -> Any:
    """Returns scikit-learn's, which knows categories by their type."""
    model = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
    return model(categorical_features="from_dtype", random_state=0).fit(_frequent(train), y)


def _categories(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if frame[name].dtype == "category"]


def _with_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a frame whose missing categories have a name."""
    names = {name: frame[name].astype(object).fillna("").astype(str) for name in _categories(frame)}
    return frame.assign(**names)


def _frequent(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a frame with no more categories of a column than scikit-learn takes."""
    kept = {
        name: frame[name].cat.set_categories(frame[name].cat.categories[:MOST_CATEGORIES])
        for name in _categories(frame)
    }
    return frame.assign(**kept)


Fit = Callable[[pd.DataFrame, np.ndarray, bool], Any]

PEERS: dict[str, tuple[Fit, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "LightGBM": (light, lambda frame: frame),
    "CatBoost": (cat, _with_names),
    "scikit-learn": (hist, _frequent),
}


def read(folder: Path, label: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns both parts; texts are categories, the most frequent first, those of train alone."""
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    for name in train.columns.drop(label):
        if not pd.api.types.is_numeric_dtype(train[name]):
            known = train[name].value_counts().index
            train[name] = pd.Categorical(train[name], known)
            test[name] = pd.Categorical(test[name], known)
    return train, test


def reached(model: Any, x: pd.DataFrame, y: np.ndarray, task: str) -> float:
    """Returns the AUC, the accuracy or the RMSE."""
    if task == "regression":
        return float(metrics.root_mean_squared_error(y, model.predict(x)))
    if task == "binary":
        return float(metrics.roc_auc_score(y, model.predict_proba(x)[:, 1]))
    return float(metrics.accuracy_score(y, model.predict_proba(x).argmax(axis=1)))


def main() -> None:
    """Fits all, and prints what each reaches on the test part."""
    folder, label, task = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    train, test = read(folder, label)
    y, truth = train.pop(label).to_numpy(), test.pop(label).to_numpy()
    if task != "regression":
        classes, y = np.unique(y, return_inverse=True)
        truth = np.searchsorted(classes, truth)
    for name, (fit, as_wanted) in PEERS.items():
        began = time.perf_counter()
        model = fit(train, y, task == "regression")
        seconds = time.perf_counter() - began
        value = reached(model, as_wanted(test), truth, task)
        print(json.dumps({"model": name, "value": value, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
