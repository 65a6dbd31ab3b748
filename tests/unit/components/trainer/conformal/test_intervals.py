"""Intervals and sets of classes in exported models: what they say, and how often they are right."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.conformal.bounds import find_bounds
from tfline.components.trainer.conformal.config import IntervalsConfig
from tfline.components.trainer.conformal.intervals import calibrate, check_group
from tfline.components.trainer.export import export
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.models.build import build_model
from tfline.tasks.table import TASKS
from tfline.transforms.errors import DataError, ModelError
from tfline.transforms.target import TargetScale

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.components.trainer.conftest import Case

Outputs = dict[str, np.ndarray]


def answers(case: Case, path: Path, **intervals: Any) -> Outputs:
    """Returns what an exported model, not trained, answers to the records of its eval split."""
    graph = case.graph()
    keras.utils.set_random_seed(1)
    model = build_model("mlp", {}, graph.features, graph.head)
    config = RunConfig.model_validate(
        {"pipeline": "p", "model": {"name": "mlp"}, "training_fingerprint": "abc",
         "intervals": intervals}
    )  # fmt: skip
    assert config.intervals is not None
    found = calibrate(model, graph, graph.head, config.intervals, case.eval_files)
    export(model, graph, graph.head, config, str(path), intervals=found)
    loaded = tf.saved_model.load(str(path)).signatures
    answer = loaded["serving_default"](examples=tf.constant(case.examples))
    outputs = {name: tensor.numpy() for name, tensor in answer.items()}
    label = loaded["transform_label"](examples=tf.constant(case.examples))["label"]
    return {**outputs, "truth": label.numpy()}


@pytest.mark.parametrize("task", ["binary", "multiclass", "ordinal", "regression", "forecast"])
def test_as_many_records_as_asked_for_are_within(
    cases: dict[str, Case], tmp_path: Path, task: str
) -> None:
    answer = answers(cases[task], tmp_path / "model", level=0.8)
    truth = answer["truth"]
    if task in ("binary", "multiclass", "ordinal"):
        within = answer["prediction_set"][np.arange(60), truth] == 1
        p = answer["probabilities"]
        assert p[answer["prediction_set"] == 1].min() > p[answer["prediction_set"] == 0].max()
    else:
        within = (answer["lower"] <= truth) & (truth <= answer["upper"])
        width = answer["upper"] - answer["lower"]
        assert width.shape == answer["prediction"].shape
        np.testing.assert_allclose(width, np.broadcast_to(width[0], width.shape), rtol=1e-4)
    np.testing.assert_allclose(within.mean(axis=0), 49 / 60, atol=0.02)  # ceil(61 * 0.8) = 49


def test_groups_have_intervals_of_their_own(cases: dict[str, Case], tmp_path: Path) -> None:
    case = cases["regression"]
    answer = answers(case, tmp_path / "model", level=0.8, by="city")
    examples = [tf.train.Example.FromString(record).features.feature for record in case.examples]
    cities = np.array([(f["city"].bytes_list.value or [b""])[0] for f in examples])
    width = answer["upper"] - answer["lower"]
    within = (answer["lower"] <= answer["truth"]) & (answer["truth"] <= answer["upper"])
    widths = []
    for city in (b"Bern", b"Lima", b"Oslo"):
        rows = cities == city
        assert within[rows].mean() >= 0.8
        np.testing.assert_allclose(width[rows], width[rows][0], rtol=1e-4)
        widths.append(width[rows][0])
    assert len(set(np.round(widths, 4))) == 3
    loaded = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    unknown = tf.train.Example()
    unknown.features.feature["city"].bytes_list.value.append(b"nowhere")
    told = loaded(examples=tf.constant([unknown.SerializeToString()]))
    assert np.isfinite(told["lower"]).all()


@pytest.mark.parametrize("kind", ["log1p", "poisson", "quantile"])
def test_width_follows_what_was_learnt(kind: str) -> None:
    """Large numbers, counts and wide quantiles have wide intervals; all cover as asked."""
    chance = np.random.default_rng(0)
    size = chance.uniform(1, 100, [2, 4000]).astype("f")
    loss = {"quantile": {"quantile": {"levels": [0.2, 0.5, 0.8]}}, "poisson": "poisson"}.get(kind)
    scale = TargetScale(transform="log1p" if kind == "log1p" else "standardize")
    head = dataclasses.replace(TASKS["regression"].head(), scale=scale)
    bounds = find_bounds(with_link(head, TrainConfig.model_validate({"loss": loss}).loss))
    label = {
        "log1p": size * np.exp(0.3 * chance.normal(size=size.shape)),
        "poisson": chance.poisson(size),
        "quantile": size + size * chance.normal(size=size.shape),
    }[kind].astype("f")
    answer = [
        {"prediction": tf.constant(x), "quantiles": tf.stack([-0.645 * x, x, 2.645 * x], axis=1)}
        for x in size
    ]
    scores = bounds.scores(answer[0], tf.constant(label[0])).numpy()[:, 0]
    quantile = tf.constant([[np.sort(scores)[int(np.ceil(4001 * 0.9)) - 1]]])
    told = bounds.within(answer[1], quantile)
    lower, upper = told["lower"].numpy(), told["upper"].numpy()
    within = (lower <= label[1]) & (label[1] <= upper)
    small = size[1] < 20
    assert 0.88 < within.mean() < 0.92
    assert 0.85 < within[small].mean() < 0.95
    assert (upper - lower)[small].mean() < 0.6 * (upper - lower)[~small].mean()
    assert (lower >= 0).all() or kind == "quantile"


def test_what_cannot_be_told_is_refused(cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    with pytest.raises(ModelError, match="decimal number"):
        check_group(IntervalsConfig(level=0.9, by="age"), graph)
    check_group(IntervalsConfig(level=0.9, by="city"), graph)
    with pytest.raises(ModelError, match="no intervals of a multilabel"):
        find_bounds(cases["multilabel"].graph().head)
    model = build_model("mlp", {}, graph.features, graph.head)
    config = IntervalsConfig(level=0.99)
    with pytest.raises(DataError, match="at least 99 eval records"):
        calibrate(model, graph, graph.head, config, cases["binary"].eval_files)
