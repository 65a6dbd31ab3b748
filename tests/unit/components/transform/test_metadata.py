"""What the Trainer is told of the raw features of a transformed one."""

from __future__ import annotations

from typing import Any

import pytest

from tfline.components.transform.metadata import takes_lists
from tfline.pipelines.spec.feature_forms import expand_features


@pytest.mark.parametrize(
    ("transform", "lists"),
    [
        ("z_score", False),
        ({"text_vectorization": {"length": 3}}, False),
        ({"window": {"length": 3}}, True),
        (["z_score_steps", {"pad": {"length": 3}}], True),
        ("multi_hot", True),
    ],
    ids=["number", "text", "series", "chain", "tokens"],
)
def test_feature_of_a_list_is_made_from_all_values(transform: Any, lists: bool) -> None:
    [feature] = expand_features({"x": {"transform": transform}})
    assert takes_lists(feature) is lists
