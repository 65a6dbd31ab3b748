"""A feature that gives the label away is named before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.transform import leaks
from tfline.pipelines.spec.feature_forms import expand_features
from tfline.transforms.features import LabelSpec

ROWS = 2000
RNG = np.random.default_rng(3)
X, Z = RNG.normal(size=(2, ROWS))
DTYPES = {float: tf.float32, int: tf.int64, str: tf.string}

Find = Callable[..., list[str]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Writes records of columns and looks for leaks in them."""

    def run(task: Any, features: dict[str, Any], **columns: Any) -> list[str]:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path = str(tmp_path / "train")
        with tf.io.TFRecordWriter(path) as writer:
            for row in rows:
                writer.write(encode_example(row))
        flat = {key: next(v for v in values if v is not None) for key, values in columns.items()}
        raw = {
            key: DTYPES[type(value[0] if isinstance(value, list) else value)]
            for key, value in flat.items()
        }
        label = LabelSpec(key="y", task=task)
        return leaks.find_leaks([path], ROWS, raw, expand_features(features), label)

    return run


def test_honest_features_are_left_alone(find: Find) -> None:
    y = (X + Z + 0.3 * RNG.normal(size=ROWS) > 0).astype(int).tolist()
    gappy = [None if i % 3 else float(x) for i, x in enumerate(X)]
    found = find("binary", {"z_score": ["x", "g"], "one_hot": ["c"]}, y=y, x=X.tolist(), g=gappy,
                 c=["ab"[i % 2] for i in range(ROWS)])  # fmt: skip
    assert found == []
    assert find("regression", {"z_score": ["x", "z"]}, y=(X + Z + RNG.normal(size=ROWS)).tolist(),
                x=X.tolist(), z=Z.tolist()) == []  # fmt: skip


@pytest.mark.parametrize(
    ("task", "y", "leak", "features"),
    [
        ("binary", (X > 0.3).astype(int).tolist(), (2 * X + 5).tolist(), {"z_score": ["x"]}),
        ("multiclass", [f"c{i % 5}" for i in range(ROWS)], [f"k{i % 5}" for i in range(ROWS)],
         {"one_hot": ["x"]}),
        ("regression", X.tolist(), (X**3).tolist(), {"z_score": ["x"]}),
        ("regression", X.tolist(), np.searchsorted(np.sort(X), X).tolist(), {"min_max": ["x"]}),
    ],
)  # fmt: skip
def test_feature_that_alone_tells_the_label_is_named(
    find: Find, task: str, y: list[Any], leak: list[Any], features: dict[str, Any]
) -> None:
    [text] = find(task, features, y=y, x=leak)
    assert text.startswith("'x' alone tells the label: it explains 9") or "100.0%" in text


def test_sum_of_features_that_is_the_label_is_named(find: Find) -> None:
    other = RNG.normal(size=ROWS).tolist()
    columns = {"casual": X.tolist(), "registered": (3 * Z).tolist(), "other": other}
    y = (X + 2 * 3 * Z + 7).tolist()
    [text] = find("regression", {"z_score": [*columns]}, y=y, **columns)
    assert "1 casual + 2 registered explains 100.00%" in text


def test_id_is_named(find: Find) -> None:
    y = (X > 0).astype(int).tolist()
    [text] = find("binary", {"string_lookup": ["x"]}, y=y, x=[f"user {i}" for i in range(ROWS)])
    assert "'x' has a value of its own in nearly every record" in text


def test_lists_and_missing_labels_are_no_matter(find: Find) -> None:
    y = [None if i % 2 else float(x) for i, x in enumerate(X)]
    found = find("regression", {"z_score": ["x", "v"]}, y=y, x=X.tolist(), v=[[1.0, 2.0]] * ROWS)
    assert [text.split()[0] for text in found] == ["'x'"]


def test_two_features_that_together_tell_the_label_are_named(find: Find) -> None:
    whole = (100 * X).astype(int)
    gappy = [None if i % 5 == 0 else int(value) for i, value in enumerate(whole)]
    y = (0.01 * whole < Z).astype(int).tolist()
    [text] = find("binary", {"z_score": ["a", "b"]}, y=y, a=Z.tolist(), b=(0.01 * whole).tolist())
    assert text.startswith("'a' and 'b' together tell the label, by a - b")
    product = (Z * whole).tolist()
    [text] = find("regression", {"z_score": ["a", "b"]}, y=product, a=Z.tolist(), b=gappy)
    assert "by a * b" in text
    towns = [[f"town {n}" for n in RNG.integers(0, 4, ROWS)] for _ in range(2)]
    same = [int(a == b) for a, b in zip(*towns, strict=True)]
    [text] = find("binary", {"one_hot": ["a", "b"]}, y=same, a=towns[0], b=towns[1])
    assert "by a = b" in text
