"""Statistics of columns become decisions: kinds, label, split, features, bounds, slices."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from tfline.pipelines.init.columns import Column, Sample, as_values
from tfline.pipelines.init.features import (
    linear_features,
    network_features,
    picture_features,
    usable,
)
from tfline.pipelines.init.kinds import kind_of
from tfline.pipelines.init.label import Label, choose_label
from tfline.pipelines.init.leaks import explained_by, told_together
from tfline.pipelines.init.settings import bounds, looks_protected, slices, train_settings
from tfline.pipelines.init.split import choose_split
from tfline.transforms.errors import DataError

CHANCE = random.Random(0)
ROWS = 400
NUMBERS = [CHANCE.gauss(0, 1) for _ in range(ROWS)]
MANY = [CHANCE.gauss(0, 1) for _ in range(10 * ROWS)]
DAYS = [f"2024-{1 + i // 28 % 12:02}-{1 + i % 28:02}" for i in range(ROWS)]


def column(values: Sequence[Any], name: str = "x") -> Column:
    return Column(name, [as_values(value) for value in values])


def sample(**columns: Sequence[Any]) -> Sample:
    found = {name: column(values, name) for name, values in columns.items()}
    return Sample(len(next(iter(columns.values()))), found)


def kinds(of: Sample) -> dict[str, Any]:
    return {name: kind_of(one, of.records) for name, one in of.columns.items()}


PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">IIBB", 40, 70, 8, 0)


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("x", [None] * ROWS, "empty"),
        ("x", [3] * ROWS, "constant"),
        ("x", range(1000, 1000 + ROWS), "id"),
        ("customerID", CHANCE.sample(range(10**9), ROWS), "id"),
        ("income", CHANCE.sample(range(10**6), ROWS), "number"),
        ("code", [f"K{i}" for i in range(ROWS)], "id"),
        ("patient_id", [i // 5 for i in range(ROWS)], "group"),
        ("store_id", [i % 4 for i in range(ROWS)], "code"),
        ("x", NUMBERS, "number"),
        ("x", [i % 5 for i in range(ROWS)], "code"),
        ("x", [f"colour {i % 9}" for i in range(ROWS)], "category"),
        ("x", [f"the story of the number {i} is long" for i in range(ROWS)], "text"),
        ("x", DAYS, "time"),
        ("created_at", range(1_700_000_000, 1_700_000_000 + ROWS), "time"),
        ("fare", range(1_700_000_000, 1_700_000_000 + ROWS), "id"),
        ("x", [PNG] * ROWS, "image"),
        ("x", [bytes([200] * 64)] * ROWS, "raw_image"),
        ("x", [[1.0, 2.0]] * ROWS, "vector"),
        ("pixels", [[0.0] * 64] * ROWS, "flat_image"),
        ("x", [[1.0] * (1 + i % 3) for i in range(ROWS)], "series"),
        ("x", [["a", "b"]] * ROWS, "tags"),
        ("x", [1, "a"] * (ROWS // 2), "mixed"),
    ],
)
def test_kind_follows_from_values_and_name(name: str, values: Sequence[Any], kind: str) -> None:
    assert kind_of(column(values, name), ROWS) == kind


def test_missing_values_and_nan_are_left_out() -> None:
    found = column([1.0, math.nan, None, 2.0])
    assert (found.present, found.missing, found.distinct) == (2, 0.5, 2)


@pytest.mark.parametrize(
    ("columns", "name", "task"),
    [
        ({"target": [0, 1] * 200, "x": NUMBERS}, "target", "binary"),
        ({"x": NUMBERS, "churned": ["yes", "no"] * 200, "z": NUMBERS}, "churned", "binary"),
        ({"kind": ["a", "b"] * 200, "size": NUMBERS}, "size", "regression"),
        ({"x": NUMBERS, "house_price": NUMBERS, "town": ["a", "b"] * 200}, "house_price",
         "regression"),
        ({"x": NUMBERS, "species": ["a", "b", "c", "d"] * 100}, "species", "multiclass"),
        ({"x": NUMBERS, "y": [i % 10 for i in range(ROWS)]}, "y", "multiclass"),
        ({"x": NUMBERS, "last": list(range(ROWS))}, "x", "regression"),
    ],
)  # fmt: skip
def test_label_is_guessed_by_name_then_by_position(
    columns: dict[str, Sequence[Any]], name: str, task: str
) -> None:
    found = sample(**columns)
    label = choose_label(found, kinds(found), None)
    assert (label.name, label.task) == (name, task)
    assert label.why.startswith("guessed: ")


def test_rarer_class_is_positive_unless_a_name_says_otherwise() -> None:
    rare = sample(out=["left"] * 100 + ["stayed"] * 300)
    assert choose_label(rare, kinds(rare), "out").classes == ("stayed", "left")
    worded = sample(out=["not spoilt"] * 100 + ["spoilt"] * 300)
    assert choose_label(worded, kinds(worded), "out").classes == ("not spoilt", "spoilt")
    named = sample(out=["yes"] * 300 + ["no"] * 100)
    label = choose_label(named, kinds(named), "out")
    assert label.classes == ("no", "yes")
    assert label.note == "'yes' is positive, 75% of the records"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a"] * ROWS, "one class only"),
        ([None] * ROWS, "it has no value"),
        ([f"name{i}" for i in range(ROWS)], "hardly a second record"),
        (DAYS, "points in time"),
    ],
)
def test_label_that_cannot_be_learnt_is_refused(values: Sequence[Any], message: str) -> None:
    found = sample(out=values, x=NUMBERS)
    with pytest.raises(DataError, match=message):
        choose_label(found, kinds(found), "out")


def test_label_that_is_named_so_is_not_passed_over_for_having_one_class() -> None:
    found = sample(label=["a"] * ROWS, x=NUMBERS)
    with pytest.raises(DataError, match="one class only"):
        choose_label(found, kinds(found), None)


def test_misspelt_label_names_the_nearest() -> None:
    found = sample(quality=[1, 2] * 200, x=NUMBERS)
    with pytest.raises(DataError, match="Did you mean 'quality'"):
        choose_label(found, kinds(found), "qualty")


def test_records_without_order_need_a_name() -> None:
    found = sample(a=NUMBERS, b=[i % 3 for i in range(ROWS)])
    with pytest.raises(DataError, match="features of a record have no order"):
        choose_label(found, kinds(found), None, in_order=False)


def test_many_classes_are_learnt_and_said() -> None:
    found = sample(out=[f"class{i % 150}" for i in range(ROWS)])
    label = choose_label(found, kinds(found), "out")
    assert label.task == "multiclass"
    assert "150 classes" in label.note
    assert "expect little" in label.note


LABEL = Label("y", "binary", "asked")
Y = [CHANCE.randint(0, 1) for _ in range(ROWS)]


@pytest.mark.parametrize(
    ("columns", "by", "feature"),
    [
        ({"y": Y, "x": NUMBERS}, "stratify", "y"),
        ({"y": Y, "at": DAYS[:336] + DAYS[:64]}, "time", "at"),
        ({"y": Y, "birth_date": DAYS}, "stratify", "y"),
        ({"y": Y, "user_id": [i // 4 for i in range(ROWS)]}, "group", "user_id"),
        ({"y": [0] * 300 + [1] * 100, "day": [f"2024-{1 + i // 40:02}-{1 + i % 28:02}" for i in
          range(ROWS)]}, "stratify", "y"),
        ({"y": [*Y[:-1], None], "x": NUMBERS}, None, None),
    ],
)  # fmt: skip
def test_split_is_by_time_then_group_then_class(
    columns: dict[str, Sequence[Any]], by: str | None, feature: str | None
) -> None:
    found = sample(**columns)
    split = choose_split(found, kinds(found), LABEL)
    assert (split.rule.get("by"), split.rule.get("feature")) == (by, feature)
    assert (split.rule["train"], split.rule["eval"]) == (0.8, 0.2)


def test_columns_become_features_by_kind_and_the_rest_is_left_out_with_a_reason() -> None:
    tail = [CHANCE.gauss(0, 1) for _ in range(ROWS - 1)] + [1e6]
    found = sample(
        y=Y,
        leak=[f"is {value}" for value in Y],
        nothing=[None] * ROWS,
        same=[7] * ROWS,
        row=range(ROWS),
        size=NUMBERS,
        wild=tail,
        gaps=[None if i % 3 == 0 else value for i, value in enumerate(NUMBERS)],
        stars=[i % 5 for i in range(ROWS)],
        colour=["red", "green"] * 200,
        town=[f"town {i % 50}" for i in range(ROWS)],
        day=DAYS,
        review=[f"review {i} of a very fine thing" for i in range(ROWS)],
    )
    explained = explained_by(found, kinds(found), "y", is_class=True)
    kept, left_out, notes = usable(found, kinds(found), {"y": ""}, explained)
    assert left_out == {
        "gives the label away": ["leak"],
        "no value": ["nothing"],
        "the same value everywhere": ["same"],
        "an id: hardly a value repeats": ["row"],
    }
    assert notes == ()
    assert linear_features(found, kept) == {
        "z_score": ["size"],
        "bucketize": ["wild", "gaps"],
        **(
            rest := {
                "one_hot": ["stars", "colour"],
                "string_lookup": ["town"],
                "datetime": {"features": ["day"], "parts": ["month", "weekday"]},
                "bag_of_words": {"features": ["review"], "top_k": 2000},
            }
        ),
    }
    assert network_features(found, kept) == {
        "piecewise_linear": {"features": ["size", "wild", "gaps"], "bins": 4},
        **rest,
    }


def test_number_that_is_a_function_of_a_feature_is_a_leak_and_a_strong_one_is_pointed_out() -> None:
    noisy = [value + CHANCE.gauss(0, 0.2) for value in MANY]
    found = sample(y=[3 * value + 1 for value in MANY], same=MANY, near=noisy)
    explained = explained_by(found, kinds(found), "y", is_class=False)
    _, left_out, notes = usable(found, kinds(found), {"y": ""}, explained)
    assert left_out == {"gives the label away": ["same"]}
    assert [note.split()[0] for note in notes] == ["near"]


def test_two_columns_that_tell_the_label_together_lose_the_one_that_says_more() -> None:
    spent = [abs(CHANCE.gauss(0, 1)) for _ in MANY]
    for label, form in (
        ([3 * a - b for a, b in zip(MANY, spent, strict=True)], "earned - spent"),
        ([int(3 * a > b) for a, b in zip(MANY, spent, strict=True)], "earned - spent"),
    ):
        found = sample(
            y=label, earned=[3 * value for value in MANY], spent=spent, other=spent[::-1]
        )
        is_class = isinstance(label[0], int)
        explained = explained_by(found, kinds(found), "y", is_class=is_class)
        told = told_together(found, kinds(found), "y", explained, is_class=is_class)
        assert told == {"earned": f"gives the label away beside spent, as {form}"}
        kept, left_out, _ = usable(found, kinds(found), {"y": ""}, explained, told)
        assert set(kept) == {"spent", "other"}
        assert left_out == {told["earned"]: ["earned"]}


def test_few_records_show_no_leak() -> None:
    found = sample(y=[0, 1] * 15, same=[0, 1] * 15)
    assert explained_by(found, kinds(found), "y", is_class=True) == {}


def test_pictures_are_brought_to_a_size_by_their_headers() -> None:
    found = sample(photo=[PNG] * 10)
    steps = picture_features(found, {"photo": "image"})["photo"]["transform"]
    assert steps == [{"decode_image": {"size": [32, 32], "channels": 1}}, "rescale"]


def test_bounds_follow_from_what_reaches_them_without_learning() -> None:
    found = sample(y=["a"] * 60 + ["b"] * 20 + ["c"] * 20)
    assert bounds(LABEL, found, None)[0] == {"auc": 0.5}
    assert bounds(Label("y", "multiclass", ""), found, None)[0] == {"accuracy": 0.6}
    assert bounds(Label("y", "regression", ""), found, None)[0] == {"r2": 0}
    assert bounds(Label("y", "forecast", ""), found, 1234.56)[0] == {"mae": 1230}


def test_slices_begin_with_what_people_are_protected_by() -> None:
    found = sample(
        plan=["a", "b", "c", "d"] * 100,
        gender=["m", "f"] * 200,
        age=[20 + i % 60 for i in range(ROWS)],
        town=[f"town {i % 50}" for i in range(ROWS)],
    )
    chosen, reason = slices(found, kinds(found), "y")
    assert chosen == ["gender", {"age": [39, 58]}]
    assert reason.startswith("gender, age first")
    assert not looks_protected("housing_median_age")


def test_training_has_about_as_many_steps_whatever_the_data() -> None:
    assert train_settings(30, {})["epochs"] == 200
    for records in (5_000, 100_000, 1_000_000):
        train = train_settings(records, {})
        assert 2_000 < train["epochs"] * records * 0.8 / train["batch_size"] < 6_000
    assert train_settings(100, {"learning_rate": 0.1})["learning_rate"] == 0.1
    assert train_settings(1_000, {"schedule": "cosine"})["early_stopping"] == 53  # of 160 epochs


@pytest.mark.parametrize(("records", "bins"), [(100, 4), (1_500, 15), (20_000, 32)])
def test_number_has_as_many_ranges_as_records_can_tell_apart(records: int, bins: int) -> None:
    found = sample(x=[CHANCE.random() for _ in range(records)])
    form = network_features(found, {"x": "number"})
    assert form == {"piecewise_linear": {"features": ["x"], "bins": bins}}


def test_constant_column_that_is_called_like_a_label_is_not_passed_over_for_another() -> None:
    found = sample(Attrition=["Yes"] * ROWS, field=["law", "art"] * (ROWS // 2))
    with pytest.raises(DataError, match="The label 'Attrition' has one class only") as caught:
        choose_label(found, kinds(found), None)
    assert "--label" in caught.value.hint
