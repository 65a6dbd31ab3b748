"""Features that give the label away, and ids: found in a sample of the train split.

A model that is judged on a leak is judged on nothing. What is found is said before anything is
trained, and stops nothing: a feature may be that good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfline.components.artifacts.splits import compression
from tfline.components.transform.explained import ALONE, codes, explained_class, explained_number
from tfline.components.transform.pairs import find_pairs
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import FAMILIES, resolve

Array = npt.NDArray[np.float64]

SAMPLE = 20_000
"""How many records are looked at, spread over the split."""

TOGETHER = 0.9999
"""The share that a sum of features explains which is the label itself."""

_LEAST = 200
_DISTINCT = 0.95
_LOOKED_UP = frozenset(FAMILIES["categories"]) - {"hashing"}


def find_leaks(
    files: Sequence[str],
    records: int,
    raw: Mapping[str, tf.DType],
    features: Sequence[FeatureSpec],
    label: LabelSpec,
) -> list[str]:
    """Returns what is suspicious about the features, a sentence each.

    Args:
        files: TFRecord files of the train split.
        records: How many records they hold.
        raw: The type of each raw feature.
        features: Those of the model.
        label: What is predicted, with its task; several targets, texts, boxes and masks are not
            looked at.
    """
    if label.task not in ("binary", "multiclass", "ordinal", "regression") or label.targets:
        return []
    numbers = _keys(features, raw, numeric=True)
    categories = _keys(features, raw, numeric=False) - numbers
    columns = read_sample(files, records, [label.key, *numbers, *categories], raw)
    target = columns.pop(label.key, np.empty(0))
    if label.task == "regression":
        known, target = np.isfinite(target), target.astype(np.float64)
    else:
        known, target = (
            target != _MISSING[target.dtype.kind],
            np.unique(target, return_inverse=True)[1],
        )
    columns = {key: column[known] for key, column in columns.items()}
    target = target[known]
    if len(target) < _LEAST:
        return []
    score = explained_number if label.task == "regression" else explained_class
    found = []
    alone = set()
    for key, column in sorted(columns.items()):
        share = score(codes(column, numeric=key in numbers), target)
        if share >= ALONE:
            alone.add(key)
            found.append(
                f"'{key}' alone tells the label: it explains {share:.1%} of it. Is it known before "
                "the label is?"
            )
    numeric = {key: columns[key] for key in sorted(numbers & columns.keys())}
    sums = _sums(numeric, target) if label.task == "regression" else []
    numeric = {key: column for key, column in numeric.items() if key not in alone}
    words = {key: columns[key] for key in sorted(categories & columns.keys()) if key not in alone}
    found += sums or _together(numeric, words, target, is_class=label.task != "regression")
    found += [_id_text(key) for key in sorted(categories & columns.keys()) if _is_id(columns[key])]
    return found


def _keys(
    features: Sequence[FeatureSpec], raw: Mapping[str, tf.DType], *, numeric: bool
) -> set[str]:
    """Returns the raw features that are numbers, or that are looked up in a vocabulary."""
    chosen = [
        feature
        for feature in features
        if (kinds_of(resolve(feature.steps[0].transform)).takes == "Numbers") is numeric
        and (numeric or feature.steps[0].transform in _LOOKED_UP)
    ]
    keys = {key for feature in chosen for key in feature.keys}
    return {key for key in keys if not numeric or raw[key] != tf.string}


_MISSING = {"f": np.nan, "i": np.iinfo(np.int64).min, "S": b"", "O": b""}


def read_sample(
    files: Sequence[str], records: int, keys: Sequence[str], raw: Mapping[str, tf.DType]
) -> dict[str, npt.NDArray[np.generic]]:
    """Returns the values of raw features in some records, spread over the files.

    Returns:
        By raw feature, without those that hold lists: one value a record; NaN, the smallest int64
        and the empty string stand for a missing one.
    """
    spec = {key: tf.io.VarLenFeature(raw[key]) for key in keys}
    every = max(1, records // SAMPLE)
    parts: dict[str, list[npt.NDArray[np.generic]]] = {key: [] for key in spec}
    lists: set[str] = set()
    for batch in _batches(files, every):
        parsed = tf.io.parse_example(batch, spec)
        for key, column in parsed.items():
            if int(column.dense_shape[1]) > 1:
                lists.add(key)
            if key in lists:
                continue
            kind = _kind(raw[key])
            values: npt.NDArray[Any] = np.full(len(batch), _MISSING[kind], _NUMPY[kind])
            values[column.indices[:, 0].numpy()] = column.values.numpy()
            parts[key].append(values)
    return {
        key: np.concatenate(found) for key, found in parts.items() if key not in lists and found
    }


_NUMPY = {"f": np.float64, "i": np.int64, "S": np.object_}


def _kind(dtype: tf.DType) -> str:
    return "S" if dtype == tf.string else "f" if dtype.is_floating else "i"


def _batches(files: Sequence[str], every: int) -> Iterator[tf.Tensor]:
    """Yields serialized records, one of `every` in each file."""
    for path in files:
        records = tf.data.TFRecordDataset(path, compression(path))
        yield from records.shard(every, 0).batch(4096)


def _together(
    numbers: Mapping[str, npt.NDArray[np.generic]],
    categories: Mapping[str, npt.NDArray[np.generic]],
    target: npt.NDArray[Any],
    *,
    is_class: bool,
) -> list[str]:
    """Returns a sentence for each two features whose combination tells the label."""
    gappy = {key: _gappy(column) for key, column in numbers.items()}
    pairs = find_pairs(gappy, categories, target.astype(np.float64), is_class=is_class)
    return [
        f"'{pair.first}' and '{pair.second}' together tell the label, by {pair.form}. Are both "
        "known before the label is?"
        for pair in pairs
    ]


def _gappy(column: npt.NDArray[np.generic]) -> Array:
    """Returns numbers with NaN where they are missing."""
    numbers = column.astype(np.float64)
    return np.where(column == _MISSING[column.dtype.kind], np.nan, numbers)


def _sums(columns: Mapping[str, npt.NDArray[np.generic]], target: Array) -> list[str]:
    """Returns the sentence that names the sum of features that is the label."""
    if len(columns) < 2:
        return []
    x = np.column_stack([column.astype(np.float64) for column in columns.values()])
    whole = np.isfinite(x).all(axis=1) & (x > np.iinfo(np.int64).min).all(axis=1)
    x, y = x[whole], target[whole]
    if len(y) < max(_LEAST, 10 * len(columns)) or y.std() == 0:
        return []
    spread = x.std(axis=0)
    scaled = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)
    weights, *_ = np.linalg.lstsq(scaled, y - y.mean(), rcond=None)
    explained = 1 - np.mean((y - y.mean() - scaled @ weights) ** 2) / y.var()
    if explained < TOGETHER:
        return []
    matter = [
        f"{weight / width:.4g} {key}"
        for key, weight, width in zip(columns, weights, spread, strict=True)
        if abs(weight) > 0.01 * y.std()
    ]
    named = " + ".join(matter)
    return [f"The label is a sum of features: {named} explains {explained:.2%} of it"]


def _is_id(column: npt.NDArray[np.generic]) -> bool:
    """Tells whether nearly every record has a value of its own."""
    present = column[column != _MISSING[column.dtype.kind]]
    if len(present) < _LEAST:
        return False
    return len(np.unique(present)) > _DISTINCT * len(present)


def _id_text(key: str) -> str:
    return (
        f"'{key}' has a value of its own in nearly every record, as an id has: what a model learns "
        "of one tells nothing of the next"
    )
