"""Slices that cannot be judged are told before training, of crosses, numbers and buckets too."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.example_gen.tfrecord import write_records
from tfline.components.example_validator.anomaly import Anomaly
from tfline.components.example_validator.config import Slicing
from tfline.components.example_validator.slices import slice_anomalies

import tensorflow_data_validation as tfdv  # isort: skip - after tfx

Rows = list[dict[str, Any]]


@pytest.fixture
def find(tmp_path: Path) -> Callable[..., list[Anomaly]]:
    """Writes rows, and returns what is wrong with their slices."""

    def find_anomalies(rows: Rows, *slices: Any, **settings: Any) -> list[Anomaly]:
        file = tmp_path / "rows"
        write_records(file, map(encode_example, rows), compress=len(rows) < 1000)
        dataset = tfdv.generate_statistics_from_dataframe(pd.DataFrame(rows), n_jobs=1).datasets[0]
        slicing = Slicing.model_validate_json(
            json.dumps({"slices": slices, "label": "won", **settings})
        )
        return slice_anomalies("eval", [str(file)], dataset, slicing)

    return find_anomalies


def test_crosses_and_numbers_with_too_many_slices_are_errors(
    find: Callable[..., list[Anomaly]],
) -> None:
    rows = [
        {"fare": number / 7, "day": number % 40, "won": number // 40 % 2} for number in range(2000)
    ]
    number, cross, *others = find(rows, ["fare"], ["day", {"fare": [*range(1, 280)]}], ["day"])
    assert others == []
    assert (
        number.text
        == "Slicing by fare gives 2,000 slices in 2,000 records; at most 1,000 are allowed."
    )
    assert cross.text.startswith("Slicing by day x fare gives ")
    assert {number.severity, cross.severity} == {"error"}
    assert "buckets" in number.hint


@pytest.mark.parametrize("classes", [(0, 1), ("no", "yes")])
def test_slices_with_few_records_of_a_class_are_named(
    find: Callable[..., list[Anomaly]], classes: tuple[Any, Any]
) -> None:
    cities = {"Bern": 20, "Lima": 3, "Rome": 0}
    rows = [
        {"city": city, "fare": 1.0 + number, "won": classes[number < positive]}
        for city, positive in cities.items()
        for number in range(60)
    ]
    random.Random(0).shuffle(rows)
    [anomaly] = find(rows, ["city"], [{"fare": [5]}], min_class_size=10, min_slice_size=50)
    assert anomaly.severity == "warning"
    assert anomaly.text.startswith(
        "2 of 3 slices by city have fewer than 10 records of a class, so that recall, AUC and the "
        "like cannot be told there: "
    )
    named = repr(classes[1]) if isinstance(classes[1], str) else str(classes[1])
    assert f"Lima (3 of class {named})" in anomaly.text
    assert f"Rome (0 of class {named})" in anomaly.text
    assert find(rows, ["city"], min_class_size=10, min_slice_size=61) == []
    assert find(rows, ["city"], min_class_size=10, min_slice_size=50, label="") == []


def test_slice_by_a_feature_that_no_record_has_is_the_missing_one(
    find: Callable[..., list[Anomaly]],
) -> None:
    assert find([{"won": 0}, {"won": 1}], ["city"]) == []
