"""A pipeline in Python says what the YAML says, and refuses what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import tfline
from tfline.pipelines.run.plan import make_plan
from tfline.pipelines.run.records import ComponentRecord, RunRecord
from tfline.pipelines.spec import load_spec

SECTIONS: dict[str, Any] = {
    "name": "trips",
    "data": {"train": "train.tfrecord", "eval": "eval.tfrecord"},
    "label": "tip",
    "features": {"z_score": ["fare"], "one_hot": ["day"]},
    "model": {"mlp": {"hidden_units": [4]}},
    "evaluate": {"slices": ["day"], "require": {"accuracy": 0.6}},
}


@pytest.fixture
def data(folder: Path, write_rows: Callable[..., Path]) -> Path:
    """A folder with the data of `SECTIONS`."""
    rows = [{"tip": 1, "fare": 1.5, "day": "monday"}, {"tip": 0, "fare": 2.5, "day": "sunday"}]
    for split in ("train", "eval"):
        write_rows(folder / f"{split}.tfrecord", rows)
    return folder


def test_keyword_arguments_say_what_the_yaml_says(folder: Path) -> None:
    pipeline = tfline.Pipeline(**SECTIONS)
    (folder / "spec.yaml").write_text(pipeline.to_yaml())
    assert yaml.safe_load(pipeline.to_yaml()) == SECTIONS
    assert load_spec("spec.yaml") == pipeline.spec
    assert tfline.Pipeline.load("spec.yaml").spec == pipeline.spec


def test_tuples_and_paths_are_as_good_as_lists_and_texts() -> None:
    changed = {**SECTIONS, "features": {"z_score": ("fare",)}, "push": Path("models") / "trips"}
    spec = tfline.Pipeline(**changed).spec
    assert [feature.name for feature in spec.features] == ["fare"]
    assert spec.push is not None
    assert spec.push.to == "models/trips"


def test_changes_of_a_loaded_spec_keep_what_they_do_not_name() -> None:
    taxi, changed = (
        tfline.Pipeline.load("taxi").spec,
        tfline.Pipeline.load("taxi", train={"epochs": 1}, model="mlp").spec,
    )
    assert (changed.train.epochs, changed.model.name) == (1, "mlp")
    assert changed.train.batch_size == taxi.train.batch_size
    assert changed.features == taxi.features


def test_overrides_are_those_of_the_command_line() -> None:
    spec = tfline.Pipeline.load("taxi", ["train.epochs=1"], train={"batch_size": 8}).spec
    assert (spec.train.epochs, spec.train.batch_size) == (1, 8)


@pytest.mark.parametrize(
    ("features", "line"),
    [
        ("{z_score: [fare, miles]}", "spec.yaml:4, features.z_score[1]"),
        ("{one_hot: [day], miles: {transform: log1p}}", "spec.yaml:4, features.miles"),
        (
            "{rate: {formula: fare / miles, transform: z_score}}",
            "spec.yaml:4, features.rate.formula",
        ),
    ],
)
def test_feature_that_no_record_has_is_said_with_the_line_that_names_it(
    data: Path, features: str, line: str
) -> None:
    (data / "spec.yaml").write_text(
        "name: trips\ndata: {train: train.tfrecord, eval: eval.tfrecord}\n"
        f"label: tip\nfeatures: {features}\nmodel: mlp\n"
    )
    with pytest.raises(tfline.SpecError, match="The feature 'miles' is in none") as caught:
        tfline.Pipeline.load("spec.yaml").check()
    assert caught.value.where == f"{line}; {data / 'train.tfrecord'}"


def test_component_does_not_run_again_if_an_earlier_run_has_its_result(data: Path) -> None:
    two, three = (tfline.Pipeline(**SECTIONS, train={"epochs": epochs}) for epochs in (2, 3))
    for number, pipeline in enumerate((two, three)):
        with pipeline.work.locked():
            RunRecord(
                id=f"2026010{number + 1}-000000-000000",
                pipeline="trips",
                parts=make_plan(pipeline.spec).parts,
                components={"Trainer": ComponentRecord(seconds=1, cached=False)},
            ).write(pipeline.work.runs)
    why = two.why("Trainer")
    assert not why
    assert str(why).splitlines() == [
        "Changed since Trainer last ran:",
        "  Trainer: train.epochs: 3 -> 2",
        "In the run 20260101-000000-000000 all was as it is now: its result is taken.",
    ]
    assert tfline.Pipeline(**SECTIONS, train={"epochs": 4}).why("Trainer")


@pytest.mark.parametrize(
    ("changes", "message", "where"),
    [
        ({"train": {"epochs": "x"}}, "Expected an integer", "Pipeline(...), train.epochs"),
        ({"trian": {}}, "Unknown key 'trian'", "Pipeline(...)"),
        ({"label": None}, "Invalid value for `label`", "Pipeline(...), label"),
        ({"model": object()}, "Expected a text, a number", ""),
        ({"features": {"zscore": ["fare"]}}, "Unknown transform", "Pipeline(...), features.zscore"),
        ({"name": "No Name"}, "Invalid value for `name`", "Pipeline(...), name"),
    ],
)
def test_error_is_tflines_and_says_where(changes: dict[str, Any], message: str, where: str) -> None:
    with pytest.raises(tfline.SpecError) as caught:
        tfline.Pipeline(**{**SECTIONS, **changes})
    assert message in caught.value.message
    assert caught.value.where.startswith(where)


def test_check_prints_what_would_be_done(data: Path) -> None:
    text = str(tfline.Pipeline(**SECTIONS).check())
    assert text.startswith("trips: ok\n  data       1 file(s) in train, 1 file(s) in eval\n")
    assert "feature    day: one_hot" in text


def test_check_refuses_what_the_data_has_not(data: Path) -> None:
    with pytest.raises(tfline.SpecError, match="'fair' is in none of the first"):
        tfline.Pipeline(**{**SECTIONS, "features": {"z_score": ["fair"]}}).check()


def test_why_of_a_pipeline_that_never_ran(data: Path) -> None:
    pipeline = tfline.Pipeline(**SECTIONS)
    found = pipeline.why("trainer")
    assert (found.component, found.has_run) == ("Trainer", False)
    assert str(found) == "Trainer has not run yet."
    with pytest.raises(tfline.SpecError, match="There is no component 'Train'"):
        pipeline.why("Train")


def test_pipeline_without_runs_has_none(folder: Path) -> None:
    assert tfline.Pipeline(**SECTIONS).runs() == []
    with pytest.raises(tfline.SpecError, match="There are no runs of 'trips'"):
        tfline.runs("trips")


def test_compiled_pipeline_is_that_of_the_command(folder: Path) -> None:
    with pytest.raises(tfline.SpecError, match="has no tag"):
        tfline.Pipeline(**SECTIONS).compile(image="tfline", root="gs://bucket/root")
