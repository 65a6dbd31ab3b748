"""The Evaluator component on real examples, SavedModels, artifacts and TFMA."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn import metrics as sk
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from tfline.components.evaluator.component import Evaluator
from tfline.components.evaluator.executor import Executor
from tfline.transforms.columns import as_numbers, as_strings
from tfline.transforms.errors import DataError, ModelError, SpecError

import tensorflow_model_analysis as tfma  # isort: skip - after tfx

RECORDS = 240
PAYMENTS = ("card", "cash", "none")
COMPANIES = ("blue", "red")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Trips: a score, a binary label, a class, a number, and features to slice by."""
    rng = np.random.default_rng(11)
    score = rng.random(RECORDS).astype(np.float32)
    return pd.DataFrame(
        {
            "score": score,
            "tip": (rng.random(RECORDS) < score).astype(np.int64),
            "colour": rng.choice(["green", "grey", "white"], RECORDS),
            "amount": (10 * score + rng.normal(size=RECORDS)).astype(np.float32),
            "payment": rng.choice(PAYMENTS, RECORDS, p=[0.6, 0.3, 0.1]),
            "company": rng.choice(COMPANIES, RECORDS),
        }
    )


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> types.Artifact:
    """The table as an Examples artifact with two gzip files in the eval split."""
    uri = tmp_path_factory.mktemp("examples")
    return write_examples(uri, [table[:100], table[100:]])


def write_examples(
    uri: Path,
    parts: list[pd.DataFrame],
    test: pd.DataFrame | None = None,
    **others: pd.DataFrame,
) -> types.Artifact:
    artifact = standard_artifacts.Examples()
    artifact.uri = str(uri)
    artifact.id = 1
    splits = {"eval": parts, **({} if test is None else {"test": [test]})}
    splits |= {split: [part] for split, part in others.items()}
    artifact.split_names = artifact_utils.encode_split_names([*dict.fromkeys(["train", *splits])])
    for split, of_split in splits.items():
        write_split(uri / f"Split-{split}", of_split)
    return artifact


def write_split(folder: Path, parts: list[pd.DataFrame]) -> None:
    folder.mkdir(parents=True)
    for index, part in enumerate(parts):
        with tf.io.TFRecordWriter(str(folder / f"data-{index}.gz"), "GZIP") as writer:
            for row in part.to_dict("records"):
                writer.write(serialize(row))


def serialize(row: dict[str, Any]) -> bytes:
    example = tf.train.Example()
    for key, value in row.items():
        feature = example.features.feature[key]
        if isinstance(value, str):
            feature.bytes_list.value.append(value.encode())
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        else:
            feature.float_list.value.append(value)
    return bytes(example.SerializeToString())


def binary(score: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"probabilities": tf.stack([1 - score, score], axis=1)}


def reversed_binary(score: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"probabilities": tf.stack([score, 1 - score], axis=1)}


def multiclass(score: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"probabilities": tf.nn.softmax(tf.stack([score, 1 - score, score**2], axis=1))}


def regression(score: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"prediction": 9 * score}


CARDS: dict[str, dict[str, Any]] = {
    "binary": {"label": "tip", "classes": ["no", "yes"], "class_values": [0, 1]},
    "multiclass": {
        "label": "colour",
        "classes": ["green", "grey", "white"],
        "class_values": ["green", "grey", "white"],
    },
    "regression": {"label": "amount"},
}
DTYPES = {"tip": tf.int64, "colour": tf.string, "amount": tf.float32}


@pytest.fixture(scope="module")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., types.Artifact]:
    def make(answer: Callable[[tf.Tensor], dict[str, tf.Tensor]], task: str) -> types.Artifact:
        artifact = standard_artifacts.Model()
        artifact.uri = str(tmp_path_factory.mktemp("model"))
        artifact.id = 2
        path = Path(artifact.uri) / "Format-Serving"

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
            parsers = {"score": tf.io.FixedLenFeature([], tf.float32)}
            return answer(tf.io.parse_example(examples, parsers)["score"])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def label(examples: tf.Tensor) -> dict[str, tf.Tensor]:
            key, values = CARDS[task]["label"], CARDS[task].get("class_values")
            column = tf.io.parse_example(examples, {key: tf.io.VarLenFeature(DTYPES[key])})[key]
            if values is None:
                return {"label": as_numbers(column)}
            same = tf.equal(as_strings(column)[:, tf.newaxis], [str(value) for value in values])
            known = tf.reduce_any(same, axis=1)
            return {"label": tf.where(known, tf.argmax(tf.cast(same, tf.int32), axis=1), -1)}

        signatures = {"serving_default": serve, "transform_label": label}
        tf.saved_model.save(tf.Module(), str(path), signatures=signatures)
        (path / "assets.extra").mkdir()
        card = {"format": 1, "task": task, **CARDS[task]}
        (path / "assets.extra" / "tfline.json").write_text(json.dumps(card))
        return artifact

    return make


class Run:
    """One run of the executor."""

    def __init__(self, folder: Path) -> None:
        self.evaluation = standard_artifacts.ModelEvaluation()
        self.evaluation.uri = str(folder / "evaluation")
        self.blessing = standard_artifacts.ModelBlessing()
        self.blessing.uri = str(folder / "blessing")

    @property
    def verdict(self) -> dict[str, Any]:
        return dict(json.loads((Path(self.evaluation.uri) / "verdict.json").read_text()))

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in Path(self.blessing.uri).iterdir())


@pytest.fixture
def evaluate(tmp_path: Path) -> Callable[..., Run]:
    def run(
        examples: types.Artifact,
        model: types.Artifact,
        baseline: types.Artifact | None = None,
        **config: Any,
    ) -> Run:
        result = Run(tmp_path)
        inputs = {"examples": [examples], "model": [model]}
        if baseline:
            inputs["baseline_model"] = [baseline]
        context = base_beam_executor.BaseBeamExecutor.Context(
            tmp_dir=str(tmp_path / "tmp"), unique_id="1"
        )
        Executor(context).Do(
            inputs,
            {"evaluation": [result.evaluation], "blessing": [result.blessing]},
            {"config": json.dumps(config), "fingerprint": "f"},
        )
        return result

    return run


def slices_of(verdict: dict[str, Any], table: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Yields each slice of a verdict with its rows of the table."""
    for result in verdict["slices"]:
        rows = table
        for feature, value in result["slice"].items():
            rows = rows[rows[feature] == value]
        yield result, rows


def test_distance_from_train_to_eval_is_told_by_a_split_that_is_held_out_of_train(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    learnt = table.assign(tip=(table.score > 0.5).astype(np.int64))
    other = table.assign(tip=np.random.default_rng(0).integers(0, 2, RECORDS))
    parts = {"train": learnt, "train_dev": table[:150], "test": other[:100]}
    examples = write_examples(tmp_path / "examples", [other[:60], other[60:]], **parts)
    verdict = evaluate(examples, make_model(binary, "binary"), require={"auc": 0.1}).verdict
    found, accuracy = verdict["by_split"]
    of = {one["split"]: one for one in found["splits"]}
    frames = {**parts, "eval": other}
    assert [*of] == ["train", "train_dev", "eval", "test"]
    for split, one in of.items():
        rows = frames[split]
        assert one["value"] == pytest.approx(sk.roc_auc_score(rows.tip, rows.score), abs=1e-6)
        assert one["low"] <= one["value"] <= one["high"]
        assert one["records"] == len(rows)
    for one in accuracy["splits"]:
        rows = frames[one["split"]]
        assert one["value"] == pytest.approx(sk.accuracy_score(rows.tip, rows.score >= 0.5))
    steps = {one["step"]: one["worse"] for one in found["splits"]}
    assert steps["variance"] == pytest.approx(1 - of["train_dev"]["value"])
    assert steps["mismatch of data"] == pytest.approx(
        of["train_dev"]["value"] - of["eval"]["value"]
    )
    assert "on train_dev" in found["reason"]
    assert verdict["split"] == "test"  # what judges stays what it was
    assert verdict["records"] == 100


def test_sample_says_where_its_records_are(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    examples = write_examples(tmp_path / "examples", [table])
    run = evaluate(examples, make_model(binary, "binary"), map=["amount", "payment"])
    folder = Path(run.evaluation.uri)
    assert json.loads((folder / "evidence.json").read_text())["map"] == ["amount", "payment"]
    with np.load(folder / "sample.npz") as arrays:
        np.testing.assert_array_equal(arrays["places"][:, 0], table.amount)
        assert np.isnan(arrays["places"][:, 1]).all()  # a text is no place


def test_binary_metrics_equal_scikit_learn_on_every_slice(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="tfline.summary")
    run = evaluate(
        examples,
        make_model(binary, "binary"),
        slices=["payment", ["company", "payment"]],
        require={"auc": {"min": 0.7, "slice_min": 0.5}},
        change={"auc": 0.01},
    )
    verdict = run.verdict
    assert len(verdict["slices"]) == 1 + 3 + 6
    for result, rows in slices_of(verdict, table):
        assert result["count"] == len(rows)
        assert result["small"] == (bool(result["slice"]) and len(rows) < 50)
        expected = {
            "accuracy": sk.accuracy_score(rows.tip, rows.score >= 0.5),
            "precision": sk.precision_score(rows.tip, rows.score >= 0.5),
            "recall": sk.recall_score(rows.tip, rows.score >= 0.5),
            "f1": sk.f1_score(rows.tip, rows.score >= 0.5),
            "auc": sk.roc_auc_score(rows.tip, rows.score),
            "pr_auc": sk.average_precision_score(rows.tip, rows.score),
            "log_loss": sk.log_loss(rows.tip, rows.score),
            "calibration": rows.score.astype(float).mean() / rows.tip.mean(),
            "example_count": len(rows),
        }
        assert result["metrics"] == pytest.approx(expected, rel=1e-6)
    matrix = sk.confusion_matrix(table.tip, table.score >= 0.5)
    assert verdict["confusion_matrix"] == matrix.tolist()
    assert verdict["blessed"] is True
    assert "no baseline yet" in verdict["baseline"]
    assert run.files == ["BLESSED"]
    assert run.blessing.get_int_custom_property("blessed") == 1
    assert run.blessing.get_int_custom_property("current_model_id") == 2
    assert f"on {RECORDS} eval records; blessed: auc 0." in caplog.messages[-1]


def test_tfma_opens_the_result_and_validates_the_same(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
) -> None:
    """Every value of every slice and class, as TFMA's own tools read it."""
    own = "tensorflow_model_analysis.metrics.calibration.MeanLabel"
    run = evaluate(
        examples,
        make_model(multiclass, "multiclass"),
        slices=["payment", ["company", "payment"]],
        metrics=["accuracy", "recall", "confusion_matrix", "log_loss", own],
        require={"accuracy": 0.01, "log_loss": 0.1},
    )
    uri = run.evaluation.uri
    loaded = tfma.load_eval_result(uri)
    of_slice = {frozenset(key): metrics[""] for key, metrics in loaded.slicing_metrics}
    assert len(of_slice) == len(run.verdict["slices"]) == 1 + 3 + 6
    for result in run.verdict["slices"]:
        metrics = of_slice[frozenset(result["slice"].items())]
        for name, value in result["metrics"].items():
            assert metrics[""][name] == {"doubleValue": pytest.approx(value)}
        for index, value in enumerate(result["by_class"]["recall"].values()):
            found = metrics[f"classId:{index}"]["recall"]["doubleValue"]
            assert found == pytest.approx(value if value is not None else np.nan, nan_ok=True)
    matrix = of_slice[frozenset()][""]["confusion_matrix"]["arrayValue"]
    assert np.ravel(run.verdict["confusion_matrix"]).tolist() == [*map(int, matrix["int64Values"])]
    assert len(list(tfma.load_metrics(uri))) == 10
    assert loaded.config.slicing_specs[1].feature_keys == ["payment"]
    validation = tfma.load_validation_result(uri)
    (failed,) = validation.metric_validations_per_slice
    assert [failure.metric_key.name for failure in failed.failures] == ["log_loss"]
    assert validation.validation_ok is run.verdict["blessed"] is False
    assert run.files == ["NOT_BLESSED"]
    assert run.blessing.get_int_custom_property("blessed") == 0


def test_multiclass_metrics_equal_scikit_learn_on_every_slice(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
) -> None:
    run = evaluate(
        examples,
        make_model(multiclass, "multiclass"),
        slices=["company"],
        require={"recall": {"min": 0.01}},
    )
    classes = CARDS["multiclass"]["classes"]
    assert len(run.verdict["slices"]) == 3
    for result, rows in slices_of(run.verdict, table):
        score = tf.constant(rows.score.to_numpy())
        probabilities = multiclass(score)["probabilities"].numpy()
        decided = np.array(classes)[probabilities.argmax(axis=1)]
        expected = {
            "accuracy": sk.accuracy_score(rows.colour, decided),
            "macro_precision": sk.precision_score(
                rows.colour, decided, average="macro", zero_division=0
            ),
            "macro_recall": sk.recall_score(rows.colour, decided, average="macro"),
            "macro_f1": sk.f1_score(rows.colour, decided, average="macro", zero_division=0),
            "log_loss": sk.log_loss(rows.colour, probabilities),
            "example_count": len(rows),
        }
        assert result["metrics"] == pytest.approx(expected, rel=1e-5)
        recall = sk.recall_score(rows.colour, decided, average=None, labels=classes)
        assert list(result["by_class"]["recall"].values()) == pytest.approx(recall)
        assert list(result["by_class"]["recall"]) == classes
    # White is never the most probable class: its recall is 0, its precision not defined.
    assert run.verdict["slices"][0]["by_class"]["precision"]["white"] is None
    assert run.verdict["reasons"][0].startswith("recall of white 0 < 0.01 (95 % interval 0 to 0.0")
    assert run.files == ["NOT_BLESSED"]


def test_regression_metrics_equal_scikit_learn(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
) -> None:
    run = evaluate(examples, make_model(regression, "regression"), slices=["payment"])
    for result, rows in slices_of(run.verdict, table):
        predicted = 9 * rows.score
        expected = {
            "rmse": sk.root_mean_squared_error(rows.amount, predicted),
            "mae": sk.mean_absolute_error(rows.amount, predicted),
            "r2": sk.r2_score(rows.amount, predicted),
            "example_count": len(rows),
        }
        assert result["metrics"] == pytest.approx(expected, rel=1e-5)
    assert run.verdict["headline"] == "nothing was required"
    assert run.files == ["BLESSED"]


def test_model_worse_than_its_baseline_is_not_blessed(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
) -> None:
    baseline = make_model(binary, "binary")
    baseline.id = 9
    run = evaluate(
        examples,
        make_model(reversed_binary, "binary"),
        baseline,
        metrics=["auc"],
        slices=["company"],
        change={"auc": {"max_loss": 0.01, "slice_max_loss": 0.02, "proof": "none"}},
    )
    for result, rows in slices_of(run.verdict, table):
        auc = sk.roc_auc_score(rows.tip, rows.score)
        assert result["metrics"]["auc"] == pytest.approx(1 - auc)
        assert result["baseline"]["auc"] == pytest.approx(auc)
        low, high = result["differences"]["auc"]["interval"]
        assert low < 1 - 2 * auc < high < 0
        low, high = result["intervals"]["auc"]
        assert low < 1 - auc < high
    assert "more than 0.01 worse than the baseline's" in run.verdict["reasons"][0]
    assert len([rule for rule in run.verdict["rules"] if rule["outcome"] != "passed"]) == 3
    assert run.verdict["baseline"] == f"compared with {baseline.uri}"
    assert run.files == ["NOT_BLESSED"]
    assert run.blessing.get_int_custom_property("baseline_model_id") == 9
    assert not tfma.load_validation_result(run.evaluation.uri).validation_ok
    loaded = tfma.load_eval_result(run.evaluation.uri, model_name="candidate")
    assert len(loaded.slicing_metrics) == 3


def test_weights_reach_metrics_slices_and_threshold_and_units_the_errors(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(5)
    # A weight that float32 holds, as a record does; 30 customers.
    weights = rng.exponential(size=len(table)).astype(np.float32).astype(float)
    table = table.assign(importance=weights, customer=rng.integers(0, 30, len(table)))
    run = evaluate(
        write_examples(tmp_path / "examples", [table]),
        make_model(binary, "binary"),
        metrics=["accuracy", "auc", "log_loss", "calibration"],
        slices=["payment"],
        require={"accuracy": {"slice_min": 0.1}},
        choose_threshold="best_f1",
        weight="importance",
        unit="customer",
    )
    threshold = run.verdict["threshold"]
    f1 = [
        sk.f1_score(table.tip, table.score >= score, sample_weight=table.importance)
        for score in table.score
    ]
    chosen = sk.f1_score(table.tip, table.score >= threshold, sample_weight=table.importance)
    assert chosen == pytest.approx(max(f1))
    for result, rows in slices_of(run.verdict, table):
        assert result["count"] == len(rows)
        auc = sk.roc_auc_score(rows.tip, rows.score, sample_weight=rows.importance)
        assert result["metrics"]["auc"] == pytest.approx(auc)
        decided = rows.score >= threshold
        accuracy = sk.accuracy_score(rows.tip, decided, sample_weight=rows.importance)
        assert result["metrics"]["accuracy"] == pytest.approx(accuracy)
        promised = np.average(rows.score, weights=rows.importance)
        kept = np.average(rows.tip, weights=rows.importance)
        assert result["metrics"]["calibration"] == pytest.approx(promised / kept, rel=1e-5)
    tests = {rule["test"] for rule in run.verdict["rules"]}
    assert "bootstrap of 30 units of customer" in tests
    assert all(test.startswith("bootstrap of ") or not test for test in tests)
    assert run.verdict["resampled"] == "30 units of customer"


def test_naive_models_are_compared_with_the_same_weights(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    weights = np.where(table.index % 3 == 0, 9.0, 0.5)
    table = table.assign(importance=weights)
    model = make_model(binary, "binary")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def linear(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        parsed = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([], tf.float32)})
        return {"linear": parsed["x"]}

    rng = np.random.default_rng(3)
    table["x"] = (0.7 * table.score + 0.3 * rng.uniform(size=len(table))).astype(np.float32)
    folder = Path(model.uri) / "Format-Naive"
    tf.saved_model.save(tf.Module(), str(folder), signatures={"serving_default": linear})
    run = evaluate(
        write_examples(tmp_path / "examples", [table]), model, weight="importance", metrics=["auc"]
    )
    [naive] = run.verdict["naive"]
    for value, scores in ((naive["model"], table.score), (naive["value"], table.x)):
        weighted = sk.roc_auc_score(table.tip, scores, sample_weight=weights)
        assert value == pytest.approx(weighted, rel=1e-6)
        assert abs(weighted - sk.roc_auc_score(table.tip, scores)) > 5e-3
    assert naive["model"] == run.verdict["slices"][0]["metrics"]["auc"]


def test_windows_are_resampled_by_blocks_of_time(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    begins = np.arange(len(table))
    windows = table.assign(window_start=begins, window_end=begins + 9)
    run = evaluate(
        write_examples(tmp_path / "examples", [windows[:400], windows[400:]]),
        make_model(binary, "binary"),
        metrics=["accuracy", "auc"],
        require={"auc": {"min": 0.99, "proof": "to_block"}},
    )
    [rule] = run.verdict["rules"]
    found = re.fullmatch(r"bootstrap of (\d+) blocks of time", rule["test"])
    assert found
    assert 5 < int(found[1]) < len(table) / 10
    assert run.verdict["resampled"].startswith(f"{found[1]} blocks of ")
    assert run.verdict["resampled"].endswith("of neighbouring windows")
    assert f"by {rule['test']}" in rule["reason"]


def test_threshold_is_chosen_on_eval_and_judged_on_test_and_the_baseline_keeps_its_own(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    seen, table = table[:100], table[100:]
    examples = write_examples(tmp_path / "examples", [seen], test=table)
    baseline = make_model(binary, "binary")
    assets = Path(baseline.uri) / "Format-Serving" / "assets"
    assets.mkdir(exist_ok=True)
    (assets / "decision_threshold.txt").write_text("threshold\t0.75\n")
    run = evaluate(
        examples,
        make_model(binary, "binary"),
        baseline,
        metrics=["accuracy", "f1"],
        slices=[{"score": [0.25, 0.5]}, {"late": "score > 0.9"}],
        choose_threshold="best_f1",
    )
    threshold = run.verdict["threshold"]
    possible = [sk.f1_score(seen.tip, seen.score >= score) for score in seen.score]
    overall, *slices = run.verdict["slices"]
    assert sk.f1_score(seen.tip, seen.score >= threshold) == pytest.approx(max(possible))
    f1 = sk.f1_score(table.tip, table.score >= threshold)
    assert overall["metrics"]["f1"] == pytest.approx(f1)
    assert (run.verdict["split"], run.verdict["after_selection"]) == ("test", False)
    assert run.verdict["records"] == len(table)
    assert run.verdict["threshold_reason"].startswith("highest F1, ")
    assert float(run.blessing.get_string_custom_property("threshold")) == threshold
    accuracy = sk.accuracy_score(table.tip, table.score >= threshold)
    assert overall["metrics"]["accuracy"] == pytest.approx(accuracy)
    accuracy = sk.accuracy_score(table.tip, table.score >= 0.75)
    assert overall["baseline"]["accuracy"] == pytest.approx(accuracy)
    counts = {result["label"]: result["count"] for result in slices}
    assert counts == {
        "score=below 0.25": (table.score < 0.25).sum(),
        "score=[0.25, 0.5)": ((table.score >= 0.25) & (table.score < 0.5)).sum(),
        "score=0.5 and more": (table.score >= 0.5).sum(),
        "late=yes": (table.score > 0.9).sum(),
        "late=no": (table.score <= 0.9).sum(),
    }


def test_empty_baseline_folder_is_no_baseline(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    tmp_path: Path,
) -> None:
    empty = standard_artifacts.Model()
    empty.uri = str(tmp_path / "none")
    Path(empty.uri).mkdir()
    model = make_model(binary, "binary")
    run = evaluate(examples, model, empty, metrics=["auc"], change={"auc": 0.0})
    assert "no baseline yet" in run.verdict["rules"][0]["reason"]
    assert run.files == ["BLESSED"]


def test_foreign_model_in_the_push_folder_is_no_baseline(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
) -> None:
    foreign = make_model(binary, "binary")
    [card] = Path(foreign.uri).rglob("tfline.json")
    card.unlink()
    model = make_model(binary, "binary")
    run = evaluate(examples, model, foreign, metrics=["auc"], change={"auc": 0.0})
    assert "the live model is not tfline's" in run.verdict["rules"][0]["reason"]
    assert run.files == ["BLESSED"]


def test_own_metrics_are_named_by_dotted_path(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "my_metrics.py").write_text(
        "import keras\n"
        "class Cost(keras.metrics.Mean):\n"
        "    def update_state(self, y_true, y_pred, sample_weight=None):\n"
        "        missed = y_true * keras.ops.cast(y_pred < 0.5, 'int64')\n"
        "        return super().update_state(10 * missed, sample_weight)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    of_tfma = "tensorflow_model_analysis.metrics.calibration.MeanLabel"
    of_keras_2 = "tf_keras.metrics.BinaryAccuracy"
    run = evaluate(
        examples,
        make_model(binary, "binary"),
        metrics=["accuracy", "mean_label", "my_metrics.Cost", of_tfma, of_keras_2],
        slices=["company"],
        require={"my_metrics.Cost": {"max": 0.1}},
    )
    for result, rows in slices_of(run.verdict, table):
        metrics = result["metrics"]
        missed = (rows.tip == 1) & (rows.score < 0.5)
        assert metrics["my_metrics.Cost"] == pytest.approx(10 * missed.mean(), rel=1e-6)
        # Fed with groups or with single examples, the same metric has the same value.
        assert metrics[of_keras_2] == pytest.approx(metrics["accuracy"], rel=1e-6)
        assert metrics[of_tfma] == pytest.approx(metrics["mean_label"], rel=1e-6)
    assert run.verdict["headline"].startswith("my_metrics.Cost ")
    assert run.files == ["NOT_BLESSED"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"metrics": ["rmse"]}, "does not fit a binary task"),
        ({"metrics": ["no_project.Cost"]}, "cannot be imported"),
    ],
)
def test_config_that_does_not_fit_is_refused(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
    config: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(SpecError, match=message):
        evaluate(examples, make_model(binary, "binary"), **config)


def test_records_without_a_label_are_left_out_and_counted(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    half = [table[:120], table[120:].drop(columns="tip")]
    examples = write_examples(tmp_path / "data", half)
    examples.set_int_custom_property("records_eval", len(table))
    with caplog.at_level("INFO", logger="tfline.summary"):
        run = evaluate(examples, make_model(binary, "binary"))
    assert "on 120 eval records (120 without a label left out)" in caplog.text
    overall, *_ = run.verdict["slices"]
    assert overall["count"] == 120


def test_split_without_any_label_is_an_error(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    unlabelled = write_examples(tmp_path / "data", [table.drop(columns="tip")])
    with pytest.raises(DataError, match="no record with a label"):
        evaluate(unlabelled, make_model(binary, "binary"))


def test_model_that_predicts_nan_is_an_error(
    evaluate: Callable[..., Run],
    examples: types.Artifact,
    make_model: Callable[..., types.Artifact],
) -> None:
    model = make_model(lambda score: regression(score * np.nan), "regression")
    with pytest.raises(ModelError, match="The candidate model predicts NaN"):
        evaluate(examples, model)


def test_empty_eval_split_is_an_error(
    evaluate: Callable[..., Run],
    make_model: Callable[..., types.Artifact],
    table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match="has no record with a label"):
        evaluate(write_examples(tmp_path / "data", [table[:0]]), make_model(binary, "binary"))
    with pytest.raises(DataError, match="has no files"):
        evaluate(write_examples(tmp_path / "none", []), make_model(binary, "binary"))


def test_component_runs_in_a_pipeline(
    examples: types.Artifact, make_model: Callable[..., types.Artifact], tmp_path: Path
) -> None:
    from tfx.dsl.components.common import importer
    from tfx.orchestration import metadata, pipeline
    from tfx.orchestration.local import local_dag_runner

    sources = {
        name: importer.Importer(
            source_uri=artifact.uri,
            artifact_type=artifact_type,
            properties=properties,
        ).with_id(name)
        for name, artifact, artifact_type, properties in (
            (
                "examples",
                examples,
                standard_artifacts.Examples,
                {"split_names": examples.split_names},
            ),
            ("model", make_model(binary, "binary"), standard_artifacts.Model, {}),
        )
    }
    evaluator = Evaluator(
        examples=sources["examples"].outputs["result"],
        model=sources["model"].outputs["result"],
        config=json.dumps({"metrics": ["auc"], "require": {"auc": 0.7}}),
        fingerprint="f",
    )
    local_dag_runner.LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="evaluate",
            pipeline_root=str(tmp_path),
            components=[*sources.values(), evaluator],
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(tmp_path / "metadata.sqlite")
            ),
        )
    )
    (verdict,) = tmp_path.glob("Evaluator/evaluation/*/verdict.json")
    assert json.loads(verdict.read_text())["blessed"] is True
    assert len(list(tmp_path.glob("Evaluator/blessing/*/BLESSED"))) == 1
