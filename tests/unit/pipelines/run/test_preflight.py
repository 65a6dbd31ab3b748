"""A misspelt name costs no minutes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tfline.pipelines.run.preflight import check_data
from tfline.pipelines.spec import PipelineSpec
from tfline.transforms.errors import DataError, SpecError

CONTENT = {
    "name": "trips",
    "data": {"train": "train*.tfrecord", "eval": "eval.tfrecord"},
    "label": "tip",
    "features": {"z_score": ["fare"]},
    "model": "mlp",
}


def make_spec(**changes: object) -> PipelineSpec:
    return PipelineSpec.model_validate({**CONTENT, **changes})


@pytest.fixture(autouse=True)
def data(folder: Path, write_rows) -> Path:
    """Two files to train on, one to evaluate on."""
    rows = [{"tip": 1, "fare": 1.0, "day": None}, {"tip": 0, "day": "monday"}]
    for name in ("train-1", "train-2", "eval"):
        write_rows(folder / f"{name}.tfrecord", rows)
    return folder


def test_files_are_counted_by_split() -> None:
    assert check_data(make_spec()) == {"train": 2, "eval": 1}
    assert check_data(make_spec(data={"files": "*.tfrecord"})) == {"files": 3}


def test_feature_that_is_missing_in_some_records_is_fine() -> None:
    assert check_data(make_spec(features={"one_hot": ["day"]}))


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"features": {"z_score": ["fair"]}}, "The feature 'fair' is in none", "'fare'"),
        ({"label": "tipp"}, "The label 'tipp' is in none of the first 2 records", "'tip'"),
        ({"evaluate": {"slices": ["days"]}}, "The slice 'days' is in none", "'day'"),
    ],
)
def test_name_that_occurs_nowhere_is_refused(
    changes: dict[str, object], message: str, hint: str
) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        check_data(make_spec(**changes))
    assert f"Did you mean {hint}?" in caught.value.hint


@pytest.mark.parametrize(
    ("where", "message", "hint"),
    [
        ("fair > 1", "no feature 'fair', which `where` names", "Did you mean 'fare'?"),
        ("day > 1", "day, a text, with 1, a number", "in quotes"),
        ("many == 1", "'many', which `where` names, holds lists of 2", "one value a record"),
    ],
)
def test_condition_that_does_not_fit_is_refused(
    data: Path, write_rows, where: str, message: str, hint: str
) -> None:
    write_rows(data / "train-1.tfrecord", [{"tip": 1, "fare": 1.0, "day": "x", "many": [1, 2]}])
    with pytest.raises(SpecError, match=message) as caught:
        check_data(make_spec(data={**CONTENT["data"], "where": where}))
    assert hint in caught.value.hint


def test_only_records_that_are_used_are_looked_at(data: Path, write_rows) -> None:
    used = [{"tip": 0, "fare": 1.0}, {"tip": 1, "fare": math.nan}] * 3
    for name in ("train-1", "eval"):
        write_rows(data / f"{name}.tfrecord", [{"tip": 9, "fare": 2.0}, *used])
    label = {"key": "tip", "classes": ["no", "yes"]}
    with pytest.raises(SpecError, match="The label 9 is no index"):
        check_data(make_spec(label=label))
    chosen = {**CONTENT["data"], "where": "tip in [0, 1]"}
    assert check_data(make_spec(label=label, data=chosen))
    only_ones = {**CONTENT["data"], "where": "not fare >= 0"}  # of NaN no comparison holds
    assert check_data(make_spec(label=label, data=only_ones))


@pytest.mark.parametrize("missing", ["train", "eval"])
def test_split_rule_without_a_needed_split_is_refused(missing: str) -> None:
    fractions = {"train": 0.5, "eval": 0.5, "test": 0.5}
    del fractions[missing]
    with pytest.raises(SpecError, match=f"`data.split` makes no {missing} split"):
        check_data(make_spec(data={"files": "*.tfrecord", "split": fractions}))


def test_first_record_that_is_no_example_is_refused(data: Path) -> None:
    from tfline.components.example_gen.tfrecord import write_records

    write_records(data / "train-1.tfrecord", [b"\xff\xff\xff"])
    with pytest.raises(DataError, match="is not a tf"):
        check_data(make_spec())


def test_metric_that_does_not_fit_a_label_of_floats_is_refused(folder: Path, write_rows) -> None:
    write_rows(folder / "train-1.tfrecord", [{"tip": 1.5, "fare": 1.0}])
    with pytest.raises(SpecError, match="'auc' does not fit a regression task"):
        check_data(make_spec(evaluate={"metrics": ["auc"]}))
    assert check_data(make_spec(evaluate={"metrics": ["rmse"]}))


@pytest.mark.parametrize(
    ("labels", "changes", "message"),
    [
        ((0, 1, 2), {"evaluate": {"metrics": ["auc"]}}, "'auc' does not fit a multiclass"),
        ((0, 1), {"evaluate": {"metrics": ["rmse"]}}, "'rmse' does not fit a binary"),
        ((0, 1, 2), {"train": {"loss": "huber"}}, "huber does not fit a multiclass"),
        (
            (0, 1, 2),
            {"train": {"metrics": ["keras.metrics.BinaryAccuracy"]}},
            "BinaryAccuracy' does not fit a multiclass",
        ),
        ((0.5,), {"train": {"loss": "focal"}}, "focal does not fit a regression"),
        ((0, 1), {"evaluate": {"metrics": ["no_project.Cost"]}}, "cannot be imported"),
        (
            (0, 1, 2),
            {"evaluate": {"metrics": ["preflight_metrics.Hits"]}},
            "'preflight_metrics.Hits' does not fit a multiclass task: BinaryAccuracy fits",
        ),
    ],
)
def test_what_does_not_fit_the_labels_of_the_first_records_is_refused(
    folder: Path, write_rows, monkeypatch, labels: tuple, changes: dict, message: str
) -> None:
    (folder / "preflight_metrics.py").write_text(
        "import keras\nclass Hits(keras.metrics.BinaryAccuracy): pass\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    write_rows(folder / "train-1.tfrecord", [{"tip": tip, "fare": 1.0} for tip in labels])
    with pytest.raises(SpecError, match=message):
        check_data(make_spec(**changes))


def test_own_metric_that_fits_is_fine(folder: Path, write_rows, monkeypatch) -> None:
    (folder / "fitting_metrics.py").write_text(
        "import keras\nclass Hits(keras.metrics.BinaryAccuracy): pass\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    assert check_data(make_spec(evaluate={"metrics": ["fitting_metrics.Hits", "auc"]}))


@pytest.mark.parametrize(
    ("row", "features", "message"),
    [
        ({"fare": [1.0, 2.0]}, {"one_hot": ["fare"]}, "'fare' holds lists of 2 values.* one value"),
        ({"fare": "a"}, {"z_score": ["fare"]}, "'fare' holds text .* numbers are taken"),
        ({"fare": 2.5}, {"fare": {"transform": {"decode_image": {"size": [2, 2]}}}}, "numbers"),
        ({"tip": [0, 1, 0]}, {"z_score": ["fare"]}, "but lists of 3 values in the train"),
    ],
)
def test_values_that_a_transform_does_not_take_are_refused(
    folder: Path, write_rows, row: dict, features: dict, message: str
) -> None:
    write_rows(folder / "train-1.tfrecord", [{"tip": 1, "fare": 1.0, **row}])
    with pytest.raises(SpecError, match=message) as caught:
        check_data(make_spec(features=features))
    assert caught.value.hint


def test_vectors_are_numbers_and_of_one_length(folder: Path, write_rows) -> None:
    rows = [{"tip": 1, "fare": [1.0, 2.0]}, {"tip": 0}]
    write_rows(folder / "train-1.tfrecord", rows)
    write_rows(folder / "eval.tfrecord", rows)
    assert check_data(make_spec())
    write_rows(folder / "eval.tfrecord", [{"tip": 1, "fare": [1.0, 2.0, 3.0]}])
    with pytest.raises(SpecError, match="'fare' holds lists of 3 values in the eval split, but li"):
        check_data(make_spec())
    write_rows(folder / "train-1.tfrecord", [*rows, {"tip": 1, "fare": [1.0]}])
    with pytest.raises(SpecError, match=r"'fare' holds lists of 1 to 2 values.*equally many"):
        check_data(make_spec())


def test_series_of_any_length_are_fine_where_they_are_padded(folder: Path, write_rows) -> None:
    features = {"fare": {"transform": {"pad": {"length": 3}}}}
    rows = [{"tip": 1, "fare": [1.0, 2.0]}, {"tip": 0, "fare": [1.0]}]
    for name in ("train-1", "eval"):
        write_rows(folder / f"{name}.tfrecord", rows)
    assert check_data(make_spec(features=features))


def test_windows_that_share_rows_are_not_divided_by_hash(folder: Path, write_rows) -> None:
    rows = [
        {"tip": 1, "fare": 1.0, "window_start": i, "window_end": i + 5} for i in range(0, 60, 3)
    ]
    write_rows(folder / "windows.tfrecord", rows)
    rule = {"train": 0.8, "eval": 0.2}
    with pytest.raises(SpecError, match="share rows") as caught:
        check_data(make_spec(data={"files": "windows.tfrecord", "split": rule}))
    assert "by: time, feature: window_start" in caught.value.hint
    by_time = {**rule, "by": "time", "feature": "window_start"}
    assert check_data(make_spec(data={"files": "windows.tfrecord", "split": by_time}))
    write_rows(folder / "windows.tfrecord", rows[::2])  # 6 rows further on each
    assert check_data(make_spec(data={"files": "windows.tfrecord", "split": rule}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": {"key": "tip", "classes": ["no"]}}, "The label 1 is no index of the 1 classes"),
        ({"label": {"key": "day", "classes": ["Monday", "Sunday"]}}, "The label 'monday' is none"),
        ({"schema_file": "none.pbtxt"}, "The curated schema cannot be read"),
        ({"schema_file": "broken.pbtxt"}, "The curated schema is not a valid text proto"),
        (
            {"data": {"files": "*.tfrecord", "split": {
                "by": "group", "feature": "dya", "train": 0.5, "eval": 0.5}}},
            "'dya', by which `data.split` divides, is in none of the",
        ),
    ],
)  # fmt: skip
def test_what_would_fail_after_minutes_is_refused(
    data: Path, changes: dict[str, object], message: str
) -> None:
    (data / "broken.pbtxt").write_text("feature {")
    with pytest.raises(SpecError, match=message):
        check_data(make_spec(**changes))


def test_names_of_ordered_classes_have_to_be_told() -> None:
    label = {"key": "day", "task": "ordinal"}
    with pytest.raises(SpecError, match="are names, such as 'monday', whose order is not") as error:
        check_data(make_spec(label=label))
    assert "from the lowest to the highest" in error.value.hint
    assert check_data(make_spec(label={**label, "classes": ["monday", "sunday"]}))
    assert check_data(make_spec(label={"key": "tip", "task": "ordinal"}))
    with pytest.raises(SpecError, match="The label 'monday' is none"):
        check_data(make_spec(label={**label, "classes": ["sunday", "saturday"]}))


def test_classes_that_are_there_and_a_schema_that_can_be_read_are_fine(data: Path) -> None:
    (data / "schema.pbtxt").write_text('feature { name: "fare" type: FLOAT }')
    label = {"key": "day", "classes": ["monday", "sunday"]}
    assert check_data(make_spec(label=label, schema_file="schema.pbtxt"))
    assert check_data(make_spec(label={"key": "tip", "classes": ["no", "yes"]}))
