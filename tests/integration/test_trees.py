"""Trees through the whole pipeline: searched, trained, evaluated, pushed, served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow as tf
import ydf

from tfline.components.artifacts.saved_model import load_saved_model
from tfline.components.example_gen.example_proto import encode_example
from tfline.serving.client import Client
from tfline.serving.process import start_server

if TYPE_CHECKING:
    from tests.integration.conftest import MakeProject, Project

SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: {key: tip, classes: ["no", "yes"]}
features: {keep_missing: [fare], string_lookup: [day]}
model: {boosted_trees: {num_trees: 40, min_examples: 2}}
train: {class_weights: balanced}
tune: {over: {model.shrinkage: [0.1, 0.3]}, trials: 2}
evaluate: {slices: [day], require: {accuracy: 0.8}, min_slice_size: 20, baselines: warn}
push: models/trips
"""

ROWS: list[dict[str, Any]] = [
    {"fare": 1.0, "day": "monday"},
    {"fare": 9.0, "day": "sunday"},
    {"day": "sunday"},
    {"fare": 5.2},
    {"fare": -3.0, "day": "never seen"},
]


@pytest.fixture(scope="module")
def pushed(make_project: MakeProject) -> Project:
    """A project whose tips follow from the fare, and from there being none, after one run."""
    project = make_project()
    (project.folder / "spec.yaml").write_text(SPEC)
    for split, rows in project.rows.items():
        for row in rows[::6]:
            del row["fare"]
            row["tip"] = 1
        project.write(split, rows)
    assert project.run() == 0, project.records[-1].error
    return project


def version_of(project: Project) -> Path:
    return project.folder / "models" / "trips" / str(project.versions()[-1])


def test_trees_are_blessed_pushed_and_certified(pushed: Project) -> None:
    [record] = pushed.records
    assert (pushed.output("Evaluator", "blessing") / "BLESSED").is_file()
    assert "trees" in record.components["Trainer"].summary
    assert "agree" in record.components["Pusher"].summary
    assert "model.shrinkage" in record.components["Tuner"].summary
    training = json.loads((pushed.output("Trainer", "model_run") / "training.json").read_text())
    assert training["round"] == "tree"
    assert {*training["importances"]["shap"]} == {"fare", "day"}
    assert "epochs" not in training["train"]


def test_server_process_and_ydf_give_the_same_answers(pushed: Project) -> None:
    version = version_of(pushed)
    model = load_saved_model(str(version))
    examples = tf.constant([encode_example(row) for row in ROWS])
    here = model.signatures["serving_default"](examples=examples)["probabilities"].numpy()
    features = model.signatures["transform_features"](examples=examples)
    assert np.isnan(features["fare"].numpy()).tolist() == [False, False, True, False, False]
    forest = ydf.load_model(
        str(version / "assets"), advanced_options=ydf.ModelIOOptions(file_prefix="forest_")
    )
    columns = {"fare": features["fare"].numpy(), "day": features["day"].numpy().astype(np.int32)}
    np.testing.assert_allclose(here[:, 1], forest.predict(columns), atol=1e-6)
    with (
        start_server(version.parent, "trips") as server,
        Client(server.target, model="trips", timeout=60) as client,
    ):
        served = [[*answer.probabilities.values()] for answer in client.predict(ROWS)]
    np.testing.assert_allclose(served, here, atol=1e-6)
    assert np.ptp(here[:, 1]) > 0.5


def test_trees_are_cross_validated(pushed: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert pushed.tfline("cv", "spec.yaml", "--folds", "2") == 0
    assert "accuracy" in capsys.readouterr().out


def test_trees_have_no_learning_rate_to_find(
    pushed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pushed.tfline("lr-find", "spec.yaml") == 2
    assert "no learning rate" in capsys.readouterr().err


def test_trees_are_compiled_for_kubeflow(pushed: Project) -> None:
    file = pushed.folder / "trips.yaml"
    target = ("--image", "tfline:1", "--root", "gs://bucket/root")
    volume = ("--set", "push=/mnt/models", "--set", "kubernetes={volumes: {models: /mnt}}")
    assert pushed.tfline("compile", "spec.yaml", *target, *volume, "-o", str(file)) == 0
    assert "boosted_trees" in file.read_text()
