"""TFX's Trainer with tfline's `run_fn`, on a transform graph that Transform has made."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.trainer.executor import GenericExecutor
from tfx.types import artifact, artifact_utils, standard_artifacts
from tfx.utils import io_utils, json_utils, path_utils

from tfline.components.transform.executor import Executor as TransformExecutor
from tfline.components.transform.materialize import FOLDER, materialize
from tfline.transforms.errors import ModelError

FEATURES = [
    {"name": "miles", "keys": ["miles"], "steps": [{"transform": "z_score"}]},
    {"name": "day", "keys": ["day"], "steps": [{"transform": "one_hot"}]},
    {"name": "company", "keys": ["company"], "steps": [{"transform": "string_lookup"}]},
]

Artifacts = dict[str, list[artifact.Artifact]]


def record(rng: np.random.Generator) -> bytes:
    """Returns a trip that is tipped if it is long; its company is missing now and then."""
    miles = float(rng.uniform(0, 10))
    features = tf.train.Features()
    features.feature["miles"].float_list.value.append(miles)
    features.feature["day"].int64_list.value.append(int(rng.integers(1, 8)))
    if rng.random() > 0.1:
        company = rng.choice(["blue", "red", "yellow"])
        features.feature["company"].bytes_list.value.append(company.encode())
    features.feature["tipped"].int64_list.value.append(int(miles > 5))
    return tf.train.Example(features=features).SerializeToString()


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """Examples in two splits, and the transform graph that Transform makes of them."""
    folder = tmp_path_factory.mktemp("inputs")
    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    examples.split_names = artifact_utils.encode_split_names(["train", "eval"])
    rng = np.random.default_rng(3)
    for split, count in {"train": 400, "eval": 100}.items():
        path = folder / "examples" / f"Split-{split}" / "data_tfrecord-00000-of-00001"
        path.parent.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for _ in range(count):
                writer.write(record(rng))
    schema = standard_artifacts.Schema()
    schema.uri = str(folder / "schema")
    types = {"miles": "FLOAT", "day": "INT", "company": "BYTES", "tipped": "INT"}
    content = schema_pb2.Schema()
    for name, kind in types.items():
        content.feature.add(name=name, type=schema_pb2.FeatureType.Value(kind))
    io_utils.write_pbtxt_file(str(folder / "schema" / "schema.pbtxt"), content)
    graph = standard_artifacts.TransformGraph()
    graph.uri = str(folder / "graph")
    TransformExecutor().Do(
        {"examples": [examples], "schema": [schema]},
        {"transform_graph": [graph]},
        {"config": json.dumps({"features": FEATURES, "label": {"key": "tipped"}})},
    )
    return {"examples": [examples], "transform_graph": [graph]}


def run_trainer(inputs: Artifacts, folder: Path, **settings: Any) -> tuple[Path, Path]:
    """Runs TFX's executor; returns the folders of the SavedModel and of the run's report."""
    model, model_run = standard_artifacts.Model(), standard_artifacts.ModelRun()
    model.uri, model_run.uri = str(folder / "model"), str(folder / "model_run")
    config = {
        "pipeline": "taxi",
        "model": {"name": "wide_deep", "arguments": {"hidden_units": [16]}},
        "train": {"epochs": 3, "batch_size": 32, "learning_rate": 0.01, **settings},
        "training_fingerprint": "abc",
        "train_state_dir": str(folder / "state"),
    }
    GenericExecutor().Do(
        inputs,
        {"model": [model], "model_run": [model_run]},
        {
            "run_fn": "tfline.components.trainer.run_fn.run_fn",
            "train_args": "{}",
            "eval_args": "{}",
            "custom_config": json_utils.dumps(config),
        },
    )
    return Path(path_utils.serving_model_path(model.uri)), Path(model_run.uri)


def test_trainer_exports_a_model_that_has_learnt(
    inputs: Artifacts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="tfline"):
        serving, run = run_trainer(inputs, tmp_path)
    report = json.loads((run / "training.json").read_text())
    assert report["history"]["val_auc"][-1] > 0.9
    assert report["records"] == {"train": 400, "eval": 100}
    assert report["steps"] == 3 * 13
    assert sum(layer["parameters"] for layer in report["layers"]) == report["parameters"]

    summary = [r.getMessage() for r in caplog.records if r.name == "tfline.summary"]
    assert summary[-1].startswith(f"wide_deep, {report['parameters']:,} parameters, 3 epochs: val_")
    assert any("epoch 2/3" in r.getMessage() for r in caplog.records if r.name == "tfline.progress")

    card = json.loads((serving / "assets.extra" / "tfline.json").read_text())
    assert card["classes"] == ["0", "1"]
    assert card["class_values"] == [0, 1]
    assert card["features"] == {"miles": "float32", "day": "int64", "company": "string"}
    assert not (tmp_path / "state").exists()

    model = tf.saved_model.load(str(serving))
    answer = model.signatures["columns"](
        miles=tf.constant([1.0, 9.0]),
        day=tf.constant([2, 3], tf.int64),
        company=tf.constant(["red", ""]),
    )
    assert answer["label"].numpy().tolist() == [b"0", b"1"]


def test_written_examples_train_the_same_model(inputs: Artifacts, tmp_path: Path) -> None:
    [graph], [examples] = inputs["transform_graph"], inputs["examples"]
    files = {
        split: tf.io.gfile.glob(f"{examples.uri}/Split-{split}/*") for split in ("train", "eval")
    }
    _, plain = run_trainer(inputs, tmp_path / "plain", cache="memory")
    described = json.loads(Path(graph.uri, "tfline.json").read_text())["features"]
    materialize(graph.uri, files, described)
    try:
        _, written = run_trainer(inputs, tmp_path / "written", cache="memory")
        _, streamed = run_trainer(inputs, tmp_path / "streamed", cache="none")
    finally:
        tf.io.gfile.rmtree(f"{graph.uri}/{FOLDER}")
    histories = [
        json.loads((run / "training.json").read_text())["history"]
        for run in (plain, written, streamed)
    ]
    np.testing.assert_allclose(histories[1]["val_auc"], histories[0]["val_auc"], rtol=1e-6)
    assert histories[2]["val_auc"][-1] > 0.9


def test_diverged_training_exports_nothing(inputs: Artifacts, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="diverged"):
        run_trainer(inputs, tmp_path, optimizer="sgd", learning_rate=1e30)
    assert not (tmp_path / "model").exists()
