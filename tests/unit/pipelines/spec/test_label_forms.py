"""The forms of a label."""

from __future__ import annotations

from typing import Any

import pytest

from tfline.pipelines.spec.feature_forms import FormError
from tfline.pipelines.spec.label_forms import checked_label, expand_label
from tfline.transforms.features import LabelSpec, Step

TEXT = {"key": "y", "task": "text"}


def test_name_is_a_key() -> None:
    assert expand_label("tip") == {"key": "tip"}


def test_chain_is_read_like_that_of_a_feature() -> None:
    form = {**TEXT, "transform": [{"standardize": {"lower": False}}, "split"]}
    label = LabelSpec.model_validate(expand_label(form))
    assert label.transform == (
        Step(transform="standardize", arguments={"lower": False}),
        Step(transform="split"),
    )
    assert label.separator == " "


def test_characters_are_joined_without_a_space() -> None:
    form = {**TEXT, "transform": {"split": {"by": "character"}}}
    assert LabelSpec.model_validate(expand_label(form)).separator == ""


def test_text_without_a_chain_is_split_at_white_space() -> None:
    label = LabelSpec.model_validate(expand_label(TEXT))
    assert label.tokenization == (Step(transform="split"),)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("splt", "splt"),
        ([], "at least"),
        ("z_score", "A text is no Numbers"),
        ("standardize", "gives Strings"),
        (["split", "token_ids"], "gives Indices"),
        (["split", "standardize"], "takes Strings"),
    ],
)
def test_chain_that_cuts_no_text_into_tokens_is_refused(chain: Any, message: str) -> None:
    with pytest.raises(FormError, match=message) as error:
        expand_label({**TEXT, "transform": chain})
    assert error.value.path == ("transform",)
    assert error.value.hint


def test_transform_of_a_number_is_a_name() -> None:
    label = LabelSpec.model_validate(expand_label({"key": "price", "transform": "log1p"}))
    assert (label.task, label.target_transform) == ("regression", "log1p")
    forecast = {"key": "y", "task": "forecast", "horizon": 3, "transform": "none"}
    assert LabelSpec.model_validate(expand_label(forecast)).target_transform == "none"
    assert LabelSpec.model_validate(expand_label("y")).target_transform == "standardize"


@pytest.mark.parametrize("task", ["regression", "forecast"])
def test_transform_that_scales_no_number_is_refused(task: str) -> None:
    with pytest.raises(FormError, match="Unknown transform 'log1' of a label") as error:
        expand_label({"key": "y", "task": task, "transform": "log1"})
    assert error.value.path == ("transform",)
    assert "Did you mean 'log1p'?" in (error.value.hint or "")


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_class_is_not_scaled(task: str) -> None:
    label = LabelSpec.model_validate(expand_label({"key": "y", "task": task, "transform": "log1p"}))
    with pytest.raises(ValueError, match="is for a number to predict"):
        checked_label(label)
