"""The local runner on real TFX components: what it makes, and what it does not make again."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sys
from pathlib import Path

import pytest

from tfline.pipelines.run import sources

FLEXIBLE = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: tip
features: {mine.prep.halve: [fare], one_hot: [day]}
model: mine.nets.build
train: {epochs: 1, batch_size: 32}
evaluate: {slices: [day], min_slice_size: 20, baselines: warn}
push: models/trips
"""
PREP = """\
from mine.constants import FACTOR
def halve(x):
    return x * FACTOR
"""
NETS = """\
import keras
from tfline.components.trainer.models.inputs import build_inputs, dense_vector
def build(features, head, *, units=4):
    inputs = build_inputs(features)
    hidden = keras.layers.Dense(units, activation="relu")(dense_vector(inputs, features, 2))
    return keras.Model(inputs, head.output(hidden))
"""


def test_full_run_pushes_a_blessed_model(finished) -> None:
    [record] = finished.records
    assert record.status == "complete"
    assert finished.executed() == list(record.parts)
    assert len(finished.versions()) == 1
    version = finished.folder / "models" / "trips" / str(finished.versions()[0])
    assert (version / "saved_model.pb").is_file()
    assert (finished.output("Evaluator", "blessing") / "BLESSED").is_file()


def test_every_output_is_on_disk_and_the_training_state_is_gone(finished) -> None:
    [record] = finished.records
    outputs = [Path(uri) for c in record.components.values() for uri in c.outputs.values()]
    assert [path for path in outputs if not path.exists()] == []
    assert not finished.work.training.exists()


def test_components_say_what_they_did(finished) -> None:
    summaries = {name: c.summary for name, c in finished.records[-1].components.items()}
    assert summaries["ExampleGen"].startswith("160 train, 80 eval records")
    assert summaries["StatisticsGen"] == "3 features of 240 records"
    assert summaries["SchemaGen"] == "3 features, 2 with a domain"
    assert summaries["ExampleValidator"] == "no anomalies"
    assert summaries["Transform"] == "2 features, 3 columns, binary: 1 (positive) or 0"
    assert summaries["Resolver"] == "no baseline yet"
    assert "blessed" in summaries["Evaluator"]
    assert summaries["Pusher"].startswith(f"version {finished.versions()[0]} in ")


def test_unchanged_pipeline_runs_nothing(finished, capfd: pytest.CaptureFixture[str]) -> None:
    logs = sorted(finished.work.logs.iterdir())
    assert finished.run() == 0
    assert capfd.readouterr().out.count(" cached ") == len(finished.records[-1].components)
    assert len(finished.records) == 1
    assert len(finished.versions()) == 1
    assert sorted(finished.work.logs.iterdir()) == logs


def test_runs_and_schema_review_read_the_records(
    finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finished.tfline("runs", "spec.yaml") == 0
    [_, line] = capsys.readouterr().out.splitlines()
    assert " blessed  accuracy 0." in line
    target = tmp_path / "schema.pbtxt"
    assert finished.tfline("schema-review", "spec.yaml", "-o", str(target)) == 0
    assert 'name: "fare"' in target.read_text()


@pytest.mark.parametrize(
    ("override", "lines"),
    [
        ("train.epochs=2", ["Nothing that Pusher depends on has changed since it last ran."]),
        (
            "evaluate.threshold=0.4",
            [
                "Changed since Pusher last ran:",
                "  Evaluator: evaluate.threshold: 0.5 -> 0.4",
            ],
        ),
        (
            "push.keep=1",
            ["Changed since Pusher last ran:", "  Pusher: push.keep: 5 -> 1"],
        ),
    ],
)
def test_why_names_what_has_changed(
    finished, override: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    push = ("--set", "push={to: models/trips}")
    assert finished.tfline("why", "Pusher", "spec.yaml", *push, "--set", override) == 0
    assert capsys.readouterr().out.splitlines() == lines


def test_why_names_the_new_baseline_of_another_model(
    finished, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finished.tfline("why", "evaluator", "spec.yaml", "--set", "train.epochs=3") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Changed since Evaluator last ran:",
        f"  Resolver: baseline: none -> version {finished.versions()[0]}",
        "  Trainer: train.epochs: 2 -> 3",
    ]


def test_why_names_an_edited_source(
    finished, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_source(monkeypatch, "tfline.transforms.numeric")
    assert finished.tfline("why", "transform", "spec.yaml") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Changed since Transform last ran:",
        "  Transform: source tfline.transforms.numeric was edited",
    ]


def test_second_run_at_the_same_time_is_refused(
    finished, capsys: pytest.CaptureFixture[str]
) -> None:
    with finished.work.locked():
        assert finished.run(train__epochs=3) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[0].startswith("tfline run: Another run (process ")
    assert len(finished.records) == 1


def edit_source(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Lets one source file of tfline look edited."""
    read = sources._read_source

    def read_edited(name: str, path: Path, modified: int) -> sources._Source:
        source = read(name, path, modified)
        return dataclasses.replace(source, digest="edited") if name == module else source

    monkeypatch.setattr(sources, "_read_source", read_edited)


@pytest.mark.whole
def test_edit_runs_exactly_what_depends_on_it(project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One story: each edit comes on top of the ones before."""
    for name in [name for name in sys.modules if name.split(".")[0] == "mine"]:
        monkeypatch.delitem(sys.modules, name)  # of another test
    own = project.folder / "mine"
    own.mkdir()
    (project.folder / "spec.yaml").write_text(FLEXIBLE)
    (own / "prep.py").write_text(PREP)
    (own / "constants.py").write_text("FACTOR = 0.5\n")
    (own / "nets.py").write_text(NETS)
    assert project.run() == 0
    assert project.executed() == list(project.records[0].parts)
    first = project.versions()

    # A slice concerns the evaluation, and the check that its values are few; the model that is
    # live already is not pushed again.
    assert project.run(evaluate__slices="[]") == 0
    assert project.executed() == ["ExampleValidator", "Evaluator", "Pusher"]
    assert project.versions() == first

    # A comment concerns nothing.
    (own / "nets.py").write_text(NETS + "# a comment\n")
    assert project.run(evaluate__slices="[]") == 0
    assert len(project.records) == 2

    # The model's own source: trained again, and compared with the model that is live.
    (own / "nets.py").write_text(NETS.replace("units=4", "units=5"))
    assert project.run() == 0
    assert project.executed() == ["Resolver", "Trainer", "Evaluator", "Pusher"]
    assert len(project.versions()) == 2

    # A module that the transform imports.
    (own / "constants.py").write_text("FACTOR = 0.25\n")
    assert project.run() == 0
    assert project.executed() == ["Transform", "Resolver", "Trainer", "Evaluator", "Pusher"]

    # A source file of tfline.
    edit_source(monkeypatch, "tfline.metrics.slices")
    assert project.run() == 0
    assert project.executed() == ["ExampleValidator", "Evaluator", "Pusher"]


@pytest.mark.whole
def test_model_that_is_not_good_enough_is_not_pushed(
    project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.run(evaluate__require="{accuracy: 0.999}", train__epochs=1) == 3
    assert "NOT BLESSED" in capsys.readouterr().out
    assert project.versions() == []
    # The run is complete: nothing runs again, and the answer is the same.
    assert project.run(evaluate__require="{accuracy: 0.999}", train__epochs=1) == 3
    assert len(project.records) == 1
    # A lower bar concerns the evaluation alone.
    assert project.run(evaluate__require="{accuracy: 0.1}", train__epochs=1) == 0
    assert project.executed() == ["Evaluator", "Pusher"]
    # A model that somebody removed is pushed again, and nothing else runs.
    shutil.rmtree(project.folder / "models")
    assert project.run(evaluate__require="{accuracy: 0.1}", train__epochs=1) == 0
    assert project.executed() == ["Pusher"]
    assert len(project.versions()) == 1
    # Where the project is, and when its files were touched, concerns nothing.
    known = len(project.records)
    project.move()
    for path in project.folder.rglob("*.tfrecord"):
        os.utime(path)
    assert project.run(evaluate__require="{accuracy: 0.1}", train__epochs=1) == 0
    assert len(project.records) == known
    # An artifact whose file somebody has changed is made again.
    [schema] = project.output("SchemaGen", "schema").iterdir()
    schema.write_text(schema.read_text() + "# by hand\n")
    assert project.run(evaluate__require="{accuracy: 0.1}", train__epochs=1) == 0
    assert "SchemaGen" in project.executed()
    assert project.output("SchemaGen", "schema") != schema.parent
    # What earlier runs left goes, and the last one still stands.
    capsys.readouterr()
    assert project.tfline("gc", "spec.yaml", "--keep", "1") == 0
    assert "removed 3 runs, " in capsys.readouterr().out
    outputs = {
        Path(uri) for c in project.records[-1].components.values() for uri in c.outputs.values()
    }
    assert set(project.work.artifacts.glob("*/[!.]*/*")) == outputs
    known = len(project.records)
    assert project.run(evaluate__require="{accuracy: 0.1}", train__epochs=1) == 0
    assert len(project.records) == known
    # What was removed is made again where it is asked for.
    assert project.run(evaluate__require="{accuracy: 0.999}", train__epochs=1) == 3
    assert "Evaluator" in project.executed()
