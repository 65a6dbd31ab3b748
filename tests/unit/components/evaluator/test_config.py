"""The `evaluate:` block of a spec."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.rules import Bound, Change
from tfline.transforms.errors import SpecError


def test_short_bound_is_a_minimum_where_larger_is_better() -> None:
    config = EvaluateConfig.model_validate({"require": {"auc": 0.8, "log_loss": 0.3}})
    assert config.require == {"auc": Bound(min=0.8), "log_loss": Bound(max=0.3)}


def test_short_change_is_a_loss_over_all_examples() -> None:
    config = EvaluateConfig.model_validate({"change": {"auc": 0.01}})
    assert config.change == {"auc": Change(max_loss=0.01, proof="to_block")}


def test_lists_are_read_as_tuples() -> None:
    config = EvaluateConfig.model_validate(
        {"metrics": ["auc"], "slices": ["payment_type", ["company", "hour"]]}
    )
    assert config.metrics == ("auc",)
    assert [[by.name for by in cross] for cross in config.slices] == [
        ["payment_type"],
        ["company", "hour"],
    ]


def test_slices_by_buckets_and_formulas_read_their_raw_features() -> None:
    config = EvaluateConfig.model_validate(
        {"slices": [{"fare": [10, 20]}, ["pay", {"long": "miles / seconds > 3"}]]}
    )
    assert config.slices[0][0].bounds == (10.0, 20.0)
    assert config.slices[1][1].formula == "miles / seconds > 3"
    assert config.slice_keys == ("fare", "pay", "miles", "seconds")


def test_config_survives_json() -> None:
    config = EvaluateConfig.model_validate(
        {
            "slices": ["a", {"b": [1]}, {"c": "b > 1"}],
            "choose_threshold": {"cost": {"false_positive": 1, "false_negative": 5}},
            "require": {"auc": {"min": 0.8, "slice_min": 0.7}, "my.metrics.Cost": {"max": 3}},
            "change": {"auc": 0.01},
        }
    )
    assert EvaluateConfig.model_validate_json(config.model_dump_json()) == config


def test_usual_metrics_depend_on_the_task() -> None:
    config = EvaluateConfig()
    assert "auc" in config.metric_names("binary")
    assert "macro_f1" in config.metric_names("multiclass")
    assert "rmse" in config.metric_names("regression")


def test_metrics_that_decide_are_computed_too() -> None:
    config = EvaluateConfig.model_validate(
        {"metrics": ["recall"], "require": {"auc": 0.8}, "change": {"log_loss": 0.1}}
    )
    assert config.metric_names("binary") == ("recall", "auc", "log_loss", "example_count")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"metrics": ["acuracy"]}, "Did you mean 'accuracy'?"),
        ({"require": {"aucc": 0.8}}, "Did you mean 'auc'?"),
        ({"change": {"aucc": 0.8}}, "Did you mean 'auc'?"),
        ({"require": {"calibration": 1}}, "has no better direction. Write {min: 1} or {max: 1}"),
        ({"require": {"my.Cost": 1}}, "has no better direction"),
        ({"require": {"auc": {}}}, "at least one of min, max"),
        ({"require": {"auc": {"min": 0.9, "max": 0.8}}}, "`min` is above `max`"),
        ({"require": {"auc": True}}, "Bound"),
        ({"require": {"auc": float("nan")}}, "Bound"),
        ({"require": {"confusion_matrix": {"min": 1}}}, "a metric that is a number"),
        ({"require": {"auc": {"slice_min": 0.7}}}, "there are no `slices`"),
        ({"change": {"calibration": 0.1}}, "of which more, or less, is better"),
        ({"change": {"auc": -0.1}}, "greater than or equal to 0"),
        ({"change": {"auc": {}}}, "at least one of max_loss"),
        ({"change": {"auc": {"slice_max_loss": 0.1}}}, "there are no `slices`"),
        ({"require": {"auc": {"proof": "to_pass"}}}, "at least one of min, max"),
        ({"confidence": 1.0}, "less than 1"),
        ({"slices": [["a", "a"]]}, "names a feature twice"),
        ({"slices": [["a", "b"], ["b", "a"]]}, "The same slice is given twice"),
        ({"slices": [[]]}, "at least 1 item"),
        ({"slices": "a"}, "valid tuple"),
        ({"slices": [{"fare": [20, 10]}]}, "bounds of buckets have to rise"),
        ({"slices": [{"long": "miles >"}]}, "formula cannot be read"),
        ({"slices": ["fare", {"fare": [10]}]}, "The same slice is given twice"),
        ({"slices": [{"a": [1], "b": [2]}]}, "name"),
        ({"threshold": 0.4, "choose_threshold": "best_f1"}, "not both"),
        ({"choose_threshold": {}}, "by one of best, precision, recall, cost"),
        ({"choose_threshold": {"precision": 0.8, "recall": 0.8}}, "by one of best"),
        ({"choose_threshold": {"cost": {"false_positive": 0, "false_negative": 0}}}, "cost"),
        ({"metrics": []}, "at least 1 item"),
        ({"threshold": 1.5}, "less than or equal to 1"),
        ({"batch_size": 0}, "greater than or equal to 1"),
        ({"treshold": 0.5}, "Extra inputs are not permitted"),
    ],
)
def test_config_refuses(values: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError) as error:
        EvaluateConfig.model_validate(values)
    assert message in str(error.value)


def test_schema_for_editors_knows_the_short_forms() -> None:
    properties = EvaluateConfig.model_json_schema()["properties"]
    assert {"type": "number"} in properties["require"]["additionalProperties"]["anyOf"]
    assert {"type": "string"} in properties["slices"]["items"]["anyOf"]


def test_choice_of_a_threshold_is_for_two_classes() -> None:
    config = EvaluateConfig.model_validate({"choose_threshold": "best_f1"})
    config.check_task("binary")
    with pytest.raises(SpecError, match="`choose_threshold` does not fit a multiclass task"):
        config.check_task("multiclass")
