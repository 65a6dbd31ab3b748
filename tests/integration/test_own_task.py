"""A task from outside, named in the spec by its dotted path: from the raw label to an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole

TASKS = '''\
"""A rating of one to four stars: a class whose neighbours are nearly right."""

import keras
import numpy as np
import tensorflow as tf

from tfline.metrics.classes import Confusion
from tfline.metrics.sums import ratio
from tfline.metrics.table import Metric
from tfline.tasks.classes import Multiclass
from tfline.tasks.heads.classes import MulticlassHead


def within_one(confusion):
    """Returns the share of records that are at most one star off."""
    k = confusion.counts.shape[1]
    near = np.abs(np.subtract.outer(np.arange(k), np.arange(k))) <= 1
    return ratio((confusion.counts * near).sum(axis=(1, 2)), confusion.counts.sum(axis=(1, 2)))


def earth_mover(label, output):
    wanted = keras.ops.one_hot(keras.ops.cast(label, "int32"), output.shape[-1])
    wanted = keras.ops.reshape(wanted, keras.ops.shape(output))
    apart = keras.ops.cumsum(wanted - output, axis=-1)
    return keras.ops.mean(keras.ops.square(apart), axis=-1)


class StarsHead(MulticlassHead):
    def loss(self):
        return earth_mover


class Stars(Multiclass):
    head = StarsHead
    importance = "stars.within_one"
    error_name = "stars off"
    error_is_share = False

    @property
    def metrics(self):
        near = Metric(
            "share of records at most one star off",
            Confusion,
            {self.family: within_one},
            better="larger",
            usual=True,
        )
        return {**super().metrics, "stars.within_one": near}

    def answer(self, y, label, threshold=None, levels=()):
        places = tf.range(1.0, len(label.classes) + 1.0)
        mean = tf.reduce_sum(y * places, axis=1)
        return {**super().answer(y, label, threshold, levels), "stars": mean}

    def errors(self, labels, predictions, card, decision):
        decided = predictions.argmax(axis=1)
        apart = np.abs(decided - labels).astype(np.float64)
        return apart, lambda row: (card.classes[labels[row]], card.classes[decided[row]])

    def describe(self, classes):
        return f"a rating of {len(classes)} stars"
'''
SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: {key: stars, task: my_tasks.Stars}
features: {z_score: [fare, miles]}
model: {mlp: {hidden_units: [8]}}
train: {epochs: 12, batch_size: 16, learning_rate: 0.02}
evaluate: {slices: [day], require: {stars.within_one: {min: 0.6}}}
push: models/trips
"""


@pytest.fixture
def rated(project) -> Path:
    """A project whose records have stars: the dearer the ride, the fewer."""
    (project.folder / "my_tasks.py").write_text(TASKS)
    (project.folder / "spec.yaml").write_text(SPEC)
    for split, rows in project.rows.items():
        ranks = sorted(range(len(rows)), key=lambda index: rows[index]["fare"])
        stars = {index: 4 - 4 * place // len(rows) for place, index in enumerate(ranks)}
        project.write(
            split,
            [
                {"fare": row["fare"], "miles": float(index % 5), "day": row["day"],
                 "stars": stars[index]}
                for index, row in enumerate(rows)
            ],
        )  # fmt: skip
    return project.folder


def test_task_from_outside_is_trained_evaluated_and_answers(project, rated: Path) -> None:
    import tensorflow as tf

    assert project.run() == 0, project.records[-1].error
    assert "a rating of 4 stars" in project.records[-1].components["Transform"].summary
    evaluation = project.output("Evaluator", "evaluation")
    verdict = json.loads((evaluation / "verdict.json").read_text())
    near = verdict["slices"][0]["metrics"]["stars.within_one"]
    assert verdict["task"] == "my_tasks.Stars"
    assert near >= max(0.6, verdict["slices"][0]["metrics"]["accuracy"])
    low, high = verdict["slices"][0]["intervals"]["stars.within_one"]
    assert 0 <= low <= near <= high <= 1
    assert verdict["rules"][0]["metric"] == "stars.within_one"
    evidence = json.loads((evaluation / "evidence.json").read_text())
    assert evidence["importances"]["metric"] == "stars.within_one"
    assert evidence["importances"]["features"][0]["feature"] == "fare"
    [version] = project.versions()
    model = tf.saved_model.load(str(rated / "models" / "trips" / str(version)))
    example = tf.train.Example()
    example.features.feature["fare"].float_list.value.append(1e3)
    answer = model.signatures["serving_default"](
        examples=tf.constant([example.SerializeToString()])
    )
    assert answer["label"].numpy().tolist() == [b"1"]
    assert 1 <= float(answer["stars"][0]) < 2
    page = next(project.folder.rglob("*.html"))
    assert "stars off" in page.read_text(encoding="utf-8")
