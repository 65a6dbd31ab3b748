"""A pipeline that begins with the lower layers of a model that another one has pushed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole

SPEC = """\
name: classes
data: {train: train.tfrecord, eval: eval.tfrecord}
label: {key: class, classes: [low, middle, high]}
features: {z_score: [fare], one_hot: [day]}
model: {mlp: {hidden_units: [4]}}
train:
  epochs: 3
  batch_size: 32
  learning_rate: 0.1
  warm_start: {model: FOLDER, frozen_epochs: 1, thaw_epochs: 1}
evaluate: {baselines: warn}
push: models/classes
"""


def test_layers_of_another_pipeline_are_taken(finished, project) -> None:
    pushed = finished.folder / "models" / "trips"
    for split, rows in project.rows.items():
        names = ["low", "middle", "high"]
        project.write(split, [{**row, "class": names[int(row["fare"] / 3.4)]} for row in rows])
    (project.folder / "spec.yaml").write_text(SPEC.replace("FOLDER", str(pushed)))
    assert project.tfline("run", "spec.yaml") == 0
    [training] = project.folder.rglob("training.json")
    report = json.loads(training.read_text())
    assert report["warm_start"]["taken"] == 2  # the kernel and the bias of the hidden layer
    assert len(report["warm_start"]["frozen"]) == 1
    assert report["history"]["learning_rate"] == pytest.approx([0.1, 0.01, 0.01])
    page = next(project.folder.rglob("*.html")).read_text(encoding="utf-8")
    assert "frozen at first" in page


def test_layers_that_do_not_match_are_refused_with_the_reason(finished, project, capsys) -> None:
    pushed: Path = finished.folder / "models" / "trips"
    spec = SPEC.replace("FOLDER", str(pushed)).replace("[4]", "[5]")
    spec = spec.replace("name: classes", "name: trips").replace(
        "label: {key: class, classes: [low, middle, high]}", "label: tip"
    )
    (project.folder / "spec.yaml").write_text(spec)
    assert project.run() != 0
    assert "is of shape [3, 5], and the pushed model has one of [3, 4]" in str(
        project.records[-1].error
    )
    capsys.readouterr()
