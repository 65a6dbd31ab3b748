"""What a spec may say beside a model that repeats values."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from tfline.pipelines.spec import PipelineSpec

CONTENT: dict[str, Any] = {
    "name": "load",
    "data": {"train": "train.tfrecord", "eval": "eval.tfrecord"},
    "label": {"key": "load_ahead", "task": "forecast", "horizon": 6},
    "features": {"load": {"transform": {"window": {"length": 48}}}},
    "model": {"seasonal_naive": {"season": 24}},
}


def test_season_may_be_searched() -> None:
    tune = {"over": {"model.season": [24, 7]}, "search": "grid"}
    spec = PipelineSpec.model_validate({**CONTENT, "tune": tune})
    assert spec.model.arguments == {"season": 24}


SCALED = {"load": {"transform": ["z_score_steps", {"window": {"length": 48}}]}}
MORE = {**CONTENT["features"], "z_score": ["temperature"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "load_ahead"}, "seasonal_naive makes forecasts"),
        ({"label": {**CONTENT["label"], "steps": 48}}, "after the last step"),
        ({"features": SCALED}, "'z_score_steps' changes those of 'load'"),
        ({"features": MORE}, "repeats one series. Received: load, temperature"),
        ({"train": {"epochs": 3}}, "not trained by gradient descent and has no `epochs`"),
        ({"train": {"loss": "huber"}}, "seasonal_naive has no `loss`"),
    ],
)
def test_what_does_not_go_with_it_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        PipelineSpec.model_validate({**CONTENT, **changes})
