"""A label of ordered classes: from the spec to a served answer."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.whole

SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: {key: rating, task: ordinal, classes: [bad, fair, good, great]}
features: {z_score: [fare, miles]}
model: {mlp: {hidden_units: []}}
train: {epochs: 30, batch_size: 16, learning_rate: 0.3}
evaluate:
  slices: [day]
  require: {rank_mae: 0.3, quadratic_kappa: 0.8, accuracy: 0.7}
intervals: 0.8
top_k: 2
explain: true
push: models/trips
"""


def test_ordered_classes_are_learnt_evaluated_and_served(project, capsys) -> None:
    import tensorflow as tf

    names = ["bad", "fair", "good", "great"]
    for split, rows in project.rows.items():
        project.write(
            split,
            [
                {**row, "miles": float(i % 5), "rating": names[int(row["fare"] // 2.5)]}
                for i, row in enumerate(rows)
            ],
        )
    (project.folder / "spec.yaml").write_text(SPEC)
    assert project.run() == 0, project.records[-1].error
    summary = project.records[-1].components["Transform"].summary
    assert "ordinal: bad < fair < good < great" in summary
    evaluation = project.output("Evaluator", "evaluation")
    verdict = json.loads((evaluation / "verdict.json").read_text())
    measured = verdict["slices"][0]
    assert measured["metrics"]["rank_mae"] <= 0.3
    low, high = measured["intervals"]["quadratic_kappa"]
    assert low <= measured["metrics"]["quadratic_kappa"] <= high
    assert len(verdict["confusion_matrix"]) == 4
    evidence = json.loads((evaluation / "evidence.json").read_text())
    assert evidence["importances"]["metric"] == "rank_mae"
    assert evidence["importances"]["features"][0]["feature"] == "fare"
    [version] = project.versions()
    model = tf.saved_model.load(str(project.folder / "models" / "trips" / str(version)))
    example = tf.train.Example()
    example.features.feature["fare"].float_list.value.append(9.0)
    examples = tf.constant([example.SerializeToString()])
    answer = model.signatures["explain"](examples=examples)
    assert answer["label"].numpy().tolist() == [b"great"]
    assert float(answer["rank"][0]) > 2.2
    assert answer["top_classes"].numpy().tolist() == [[b"great", b"good"]]
    assert answer["unit"].numpy().tolist() == [b"log-odds of a higher class"]
    assert answer["features"].numpy().tolist() == [[b"fare", b"miles"]]
    (project.folder / "ride.json").write_text('{"fare": 9.0, "miles": 1.0}\n')
    capsys.readouterr()
    assert project.tfline("predict", "spec.yaml", "ride.json") == 0
    printed = capsys.readouterr().out
    assert printed.index("great") < printed.index("good")
    assert "fair" not in printed  # only the two most probable classes are told
    assert "ranks off" in next(project.folder.rglob("*.html")).read_text(encoding="utf-8")
