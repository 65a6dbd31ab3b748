"""The configuration refuses what cannot be meant."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from tfline.components.example_gen.config import IngestConfig, SplitRule

RULE = SplitRule(fractions={"train": 0.8, "eval": 0.2})


@pytest.mark.parametrize(
    "config",
    [
        IngestConfig(payload="tf_example", splits={"train": ("a", "b"), "eval": ("c",)}),
        IngestConfig(payload="tf_sequence_example", files=("a",), split=RULE, ingest="link"),
    ],
)
def test_config_survives_json(config: IngestConfig) -> None:
    assert IngestConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "either `splits`, or `files` and `split`"),
        ({"files": ("a",)}, "Received: files"),
        ({"splits": {"train": ("a",)}, "files": ("a",), "split": RULE}, "Received: splits, files"),
        ({"splits": {"a b": ("a",)}}, "pattern"),
        ({"splits": {"train": ()}}, "at least 1"),
        ({"splits": {}}, "at least 1"),
        ({"splits": {"train": ("a",)}, "shuffle": True}, "shuffle"),
    ],
)
def test_config_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        IngestConfig(payload="tf_example", **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fractions": {"train": 0.8, "eval": 0.1}}, "sum of 1"),
        ({"fractions": {"train": 1.0, "eval": 0.0}}, "greater than 0"),
        ({"fractions": {}}, "at least 1"),
        ({"fractions": {"train": 1.0}, "by": "time"}, "Expected the name of a feature"),
        ({"fractions": {"train": 1.0}, "feature": "x"}, "Expected no feature"),
        ({"fractions": {"train": 1.0}, "by": "luck"}, "luck"),
    ],
)
def test_split_rule_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        SplitRule(**fields)
