"""Numbers to predict, from Transform over the Trainer to what is served: any unit will do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.trainer.executor import GenericExecutor
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils, json_utils, path_utils

from tfline.components.transform.executor import Executor as TransformExecutor
from tfline.transforms.errors import DataError

FEATURES = [
    {"name": name, "keys": [name], "steps": [{"transform": "z_score"}]} for name in ("a", "b")
]
RECORDS = {"train": 400, "eval": 200}


def inputs_of(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns two features, and a label of mean 20 and deviation 12 that they tell nearly."""
    rng = np.random.default_rng(len(split))
    x = rng.normal(size=[RECORDS[split], 2])
    return x, 20 + 10 * x[:, 0] + 6 * np.abs(x[:, 1]) + rng.normal(size=len(x))


def write(folder: Path, labels: dict[str, dict[str, np.ndarray]], kind: str) -> Any:
    """Writes examples of both splits, each with the labels that are given by name."""
    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    examples.split_names = artifact_utils.encode_split_names([*labels])
    for split, columns in labels.items():
        path = folder / "examples" / f"Split-{split}" / "data_tfrecord-00000-of-00001"
        path.parent.mkdir(parents=True)
        x, _ = inputs_of(split)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for row in range(len(x)):
                features = tf.train.Features()
                for name, value in zip("ab", x[row], strict=True):
                    features.feature[name].float_list.value.append(value)
                for name, column in columns.items():
                    values = np.atleast_1d(column[row]).tolist()
                    getattr(features.feature[name], kind).value.extend(values)
                writer.write(tf.train.Example(features=features).SerializeToString())
    return examples


class Trained:
    """A label that went through Transform and the Trainer.

    Args:
        folder: A new folder.
        labels: Split to the columns of the label.
        label: The section `label` of the spec.
        kind: How the label is written.
        train: Settings of the training.
    """

    def __init__(
        self,
        folder: Path,
        labels: dict[str, dict[str, np.ndarray]],
        label: dict[str, Any],
        kind: str = "float_list",
        **train: Any,
    ) -> None:
        examples = write(folder, labels, kind)
        keys = [*labels["train"]]
        content = schema_pb2.Schema()
        number = schema_pb2.INT if kind == "int64_list" else schema_pb2.FLOAT
        for name in ("a", "b", *keys):
            content.feature.add(name=name, type=number if name in keys else schema_pb2.FLOAT)
        schema, graph = standard_artifacts.Schema(), standard_artifacts.TransformGraph()
        schema.uri, graph.uri = str(folder / "schema"), str(folder / "graph")
        io_utils.write_pbtxt_file(str(folder / "schema" / "schema.pbtxt"), content)
        TransformExecutor().Do(
            {"examples": [examples], "schema": [schema]},
            {"transform_graph": [graph]},
            {"config": json.dumps({"features": FEATURES, "label": label})},
        )
        self.metadata = json.loads((folder / "graph" / "tfline.json").read_text())
        model, model_run = standard_artifacts.Model(), standard_artifacts.ModelRun()
        model.uri, model_run.uri = str(folder / "model"), str(folder / "model_run")
        config = {
            "pipeline": "p",
            "model": {"name": "mlp", "arguments": {"hidden_units": [16]}},
            "train": {"epochs": 30, "batch_size": 32, "learning_rate": 0.01, **train},
            "training_fingerprint": "abc",
        }
        GenericExecutor().Do(
            {"examples": [examples], "transform_graph": [graph]},
            {"model": [model], "model_run": [model_run]},
            {
                "run_fn": "tfline.components.trainer.run_fn.run_fn",
                "train_args": "{}",
                "eval_args": "{}",
                "custom_config": json_utils.dumps(config),
            },
        )
        self.report = json.loads((folder / "model_run" / "training.json").read_text())
        self._model = tf.saved_model.load(path_utils.serving_model_path(model.uri))
        [path] = (folder / "examples" / "Split-eval").iterdir()
        self._eval = tf.constant([*tf.data.TFRecordDataset(str(path)).as_numpy_iterator()])

    def answer(self) -> dict[str, np.ndarray]:
        """Returns what is served for the eval split."""
        answer = self._model.signatures["serving_default"](examples=self._eval)
        return {name: tensor.numpy().astype(np.float64) for name, tensor in answer.items()}

    def label(self) -> np.ndarray:
        """Returns what the eval split is evaluated with."""
        return self._model.signatures["transform_label"](examples=self._eval)["label"].numpy()


def r2(label: np.ndarray, predicted: np.ndarray) -> float:
    return float(1 - np.mean((label - predicted) ** 2) / np.var(label))


def labels_of(function: Any, name: str = "y") -> dict[str, dict[str, np.ndarray]]:
    return {split: {name: function(inputs_of(split)[1])} for split in RECORDS}


def test_unit_of_a_label_changes_nothing(tmp_path: Path) -> None:
    """Each target is scaled by itself: in a common unit, three of the four would be lost."""
    units = {"plain": (1, 0), "small": (1e-3, 0), "large": (1e3, 0), "far": (1, 1e6)}
    labels = {
        split: {name: a * inputs_of(split)[1] + b for name, (a, b) in units.items()}
        for split in RECORDS
    }
    label = {"key": "y", "task": "regression", "targets": [*units]}
    trained = Trained(tmp_path, labels, label)
    predicted = trained.answer()["prediction"]
    actual = np.stack([*labels["eval"].values()], axis=1)
    np.testing.assert_allclose(trained.label(), actual, rtol=1e-6)
    scores = [r2(actual[:, i], predicted[:, i]) for i in range(4)]
    assert min(scores) > 0.96
    assert scores == pytest.approx([scores[0]] * 4, abs=0.01)
    errors = np.abs(actual - predicted).mean(axis=0) / actual.std(axis=0)
    assert errors == pytest.approx([errors[0]] * 4, abs=0.01)
    shown = trained.report["history"]["val_mae"][-1]
    assert shown == pytest.approx(np.abs(actual - predicted).mean(), rel=0.01)
    assert trained.report["loss_unit"].startswith("labels in units of the standard deviation")


def test_quantiles_hold_as_many_labels_as_they_say(tmp_path: Path) -> None:
    labels = labels_of(lambda y: 1e4 * y)
    loss = {"name": "quantile", "levels": [0.1, 0.5, 0.9]}
    trained = Trained(tmp_path, labels, {"key": "y", "task": "regression"}, loss=loss)
    answer, label = trained.answer(), labels["eval"]["y"]
    low, middle, high = answer["quantiles"].T
    assert np.all(low <= middle)
    assert np.all(middle <= high)
    np.testing.assert_array_equal(answer["prediction"], middle)
    np.testing.assert_allclose(answer["levels"][0], [0.1, 0.5, 0.9], rtol=1e-6)
    coverage = float(np.mean((low <= label) & (label <= high)))
    assert coverage == pytest.approx(0.8, abs=0.1)
    assert trained.report["history"]["val_coverage"][-1] == pytest.approx(coverage, abs=0.011)
    assert r2(label, middle) > 0.97


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_counts_are_never_negative(tmp_path: Path, loss: str) -> None:
    counts = labels_of(lambda y: np.rint(np.maximum(1000 * (y - 25), 0)))
    costs = labels_of(lambda y: np.exp(y / 8))
    labels = counts if loss == "poisson" else costs
    label = {"key": "y", "task": "regression"}
    trained = Trained(tmp_path, labels, label, loss={"name": loss}, epochs=15)
    predicted = trained.answer()["prediction"]
    assert predicted.min() >= 0
    assert np.corrcoef(labels["eval"]["y"], predicted)[0, 1] > 0.7
    assert "in units of their mean" in trained.report["loss_unit"]


def test_label_without_a_logarithm_is_refused(tmp_path: Path) -> None:
    labels = labels_of(lambda y: np.exp(y / 5))
    labels["eval"]["y"][7] = -1.0
    label = {"key": "y", "task": "regression", "transform": "log1p"}
    with pytest.raises(DataError, match=r"1 of 200 records of the eval split have a label of -1"):
        Trained(tmp_path, labels, label)
