"""Trees through the whole pipeline: searched, trained, evaluated, pushed, served."""

from __future__ import annotations

import base64
import json
import socket
import urllib.request
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

pytestmark = pytest.mark.whole

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


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        port: int = found.getsockname()[1]
        return port


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


def test_answers_are_explained_over_grpc_rest_and_the_command(
    pushed: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    version = version_of(pushed)
    with (
        start_server(version.parent, "trips", rest_api_port=free_port()) as server,
        Client(server.target, model="trips", timeout=60) as client,
    ):
        answers = client.explain(ROWS)
        plain = client.predict(ROWS)
        body = {
            "signature_name": "explain",
            "instances": [{"b64": base64.b64encode(encode_example(row)).decode()} for row in ROWS],
        }
        url = f"http://localhost:{server.rest_api_port}/v1/models/trips:predict"
        with urllib.request.urlopen(url, json.dumps(body).encode()) as response:
            rest = json.load(response)["predictions"]
    for answer, predicted, row in zip(answers, plain, rest, strict=True):
        why = answer.explanation
        assert why is not None
        assert answer.probabilities == predicted.probabilities
        assert [*why.attributions] == row["features"] == ["fare", "day"]
        total = why.baseline + sum(why.attributions.values())
        assert total == pytest.approx(why.score, abs=1e-3)
        _, yes = predicted.probabilities.values()
        assert 1 / (1 + np.exp(-why.score)) == pytest.approx(yes, abs=1e-5)
        assert row["attributions"] == pytest.approx([*why.attributions.values()], abs=1e-5)
        assert why.unit == row["unit"] == "log-odds"
    (pushed.folder / "rows.json").write_text(json.dumps(ROWS[0]))
    assert pushed.tfline("predict", "spec.yaml", "rows.json", "--explain") == 0
    told = capsys.readouterr().out
    assert "baseline" in told
    assert "log-odds" in told


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


def test_ensemble_with_intervals_goes_through_the_whole_pipeline(pushed: Project) -> None:
    before = pushed.versions()
    assert pushed.run(ensemble=2, intervals=0.8) == 0, pushed.records[-1].error
    assert len(pushed.versions()) == len(before) + 1
    assert "2 models" in pushed.records[-1].components["Trainer"].summary
    with (
        start_server(version_of(pushed).parent, "trips") as server,
        Client(server.target, model="trips", timeout=60) as client,
    ):
        for answer in client.explain(ROWS):
            assert answer.prediction_set is not None
            assert set(answer.prediction_set) <= {"no", "yes"}
            why = answer.explanation
            assert why is not None
            assert why.unit == "mean log-odds of the models"
            total = why.baseline + sum(why.attributions.values())
            assert total == pytest.approx(why.score, abs=1e-3)
