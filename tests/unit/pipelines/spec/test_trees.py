"""What a spec says beside a model of trees is checked when it is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfline.pipelines.spec import PipelineSpec, load_spec
from tfline.transforms.errors import SpecError

SPEC: dict[str, Any] = {
    "name": "trips",
    "data": {"train": "train.tfrecord", "eval": "eval.tfrecord"},
    "label": {"key": "tip", "classes": ["no", "yes"]},
    "features": {"keep_missing": ["fare", "miles"], "string_lookup": ["company"]},
    "model": "boosted_trees",
}


def load(tmp_path: Path, **changes: Any) -> PipelineSpec:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump({**SPEC, **changes}, sort_keys=False))
    return load_spec(str(path))


@pytest.mark.parametrize("model", ["boosted_trees", "random_forest"])
def test_spec_of_trees_is_read(tmp_path: Path, model: str) -> None:
    train = {"class_weights": "balanced", "weight": "counts", "seed": 3}
    assert load(tmp_path, model={model: {"num_trees": 10}}, train=train).model.name == model


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a setting of gradient descent": ({"train": {"epochs": 10}}, "num_trees"),
    "a learning rate": ({"train": {"learning_rate": 0.1}}, "shrinkage"),
    "early stopping by epochs": ({"train": {"early_stopping": 3}}, "look_ahead"),
    "a warm start": ({"train": {"warm_start": True}, "push": "models"}, "leftovers"),
    "a tuned setting of gradient descent": (
        {"tune": {"over": {"train.batch_size": [32, 64]}}},
        "batch_size",
    ),
    "rounds of epochs": (
        {"tune": {"over": {"model.max_depth": [4, 6]}, "search": "hyperband"}},
        "no epochs",
    ),
    "another loss": ({"label": {"key": "tip", "task": "regression"}, "train": {"loss": "huber"}},
                     "mean_absolute_error"),
    "a loss of a random forest": (
        {"model": "random_forest", "train": {"loss": "binary_crossentropy"}}, "none to choose"),
    "several labels": (
        {"label": {"key": "both", "targets": ["tip", "toll"], "task": "regression"}}, "one number"),
    "a picture": ({"features": {"picture": {"transform": {"decode_image": {"size": [8, 8]}}}}},
                  "kind Image"),
    "a monotone name of no feature": (
        {"model": {"boosted_trees": {"monotone": {"fares": "increasing"}}}}, "fare"),
    "a monotone category": (
        {"model": {"boosted_trees": {"monotone": {"company": "increasing"}}}}, "no number"),
    "a monotone tree that is grown the best first": (
        {"model": {"boosted_trees": {"monotone": {"fare": "increasing"},
                                     "growing_strategy": "BEST_FIRST_GLOBAL"}}},
        "growing_strategy"),
    "a misspelt argument": ({"model": {"boosted_trees": {"num_tree": 3}}}, "num_trees"),
    "missing values in a network": ({"model": "mlp"}, "boosted_trees"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_go_with_trees_is_refused(tmp_path: Path, case: str) -> None:
    changes, words = REFUSED[case]
    with pytest.raises(SpecError) as caught:
        load(tmp_path, **changes)
    assert words in str(caught.value)
    assert "spec.yaml:" in caught.value.where


def test_trees_are_checked_without_ydf(tmp_path: Path) -> None:
    load(tmp_path)
    code = (
        "import sys; from tfline.pipelines.spec import load_spec; "
        f"load_spec({str(tmp_path / 'spec.yaml')!r}); "
        "sys.exit(bool({'ydf', 'tensorflow'} & sys.modules.keys()))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
