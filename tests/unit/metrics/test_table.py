"""Every metric of the table: by hand, against scikit-learn, and merged from groups."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from tfline.metrics.arrays import Array
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS, is_custom

SHOW = logging.getLogger(__name__)
"""Shows the differences with ``-o log_cli=true -o log_cli_level=INFO``."""

RNG = np.random.default_rng(7)
K = 5
LABELS = {
    "binary": RNG.integers(0, 2, 500),
    "multiclass": RNG.integers(0, K, 500),
    "multilabel": RNG.integers(0, 2, (500, K)).astype(np.float32),
    "regression": RNG.normal(1000.0, 3.0, 500),
    "forecast": RNG.normal(1000.0, 3.0, (500, 4)).astype(np.float32),
}
PREDICTIONS = {
    # Two digits: many equal scores.
    "binary": np.round(RNG.random(500), 2).astype(np.float32),
    "multiclass": RNG.dirichlet(np.ones(K), 500).astype(np.float32),
    "multilabel": RNG.random((500, K)).astype(np.float32),
    "regression": (LABELS["regression"] + RNG.normal(0.0, 1.0, 500)).astype(np.float32),
    "forecast": (LABELS["forecast"] + RNG.normal(0.0, 1.0, (500, 4))).astype(np.float32),
}
for named in (LABELS, PREDICTIONS):
    named["ordinal"] = named["multiclass"]
DECISIONS = {
    "ordinal": Decision(K),
    "binary": Decision(2),
    "multiclass": Decision(K),
    "multilabel": Decision(K),
    "regression": Decision(0),
    "forecast": Decision(0),
}


def measure(
    name: str, task: str, labels: Array, predictions: Array, decision: Decision, parts: int = 1
) -> Any:
    """Returns the value of a metric, added up from `parts` groups."""
    groups = zip(np.array_split(labels, parts), np.array_split(predictions, parts), strict=True)
    statistic = METRICS[name].statistic
    merged = reduce(add, (statistic.of(*group, decision) for group in groups))
    return METRICS[name].compute(task, merged)[0]


def by_sklearn(function: Callable[..., Any], **arguments: Any) -> Callable[[Array, Array], Any]:
    return lambda labels, predictions: function(labels, predictions, **arguments)


def flat(function: Callable[..., Any]) -> Callable[[Array, Array], Any]:
    """Returns a function of all numbers, whichever step they are of."""
    return lambda labels, predictions: function(
        labels.ravel().astype(np.float64), predictions.ravel().astype(np.float64)
    )


def of_steps(function: Callable[..., Any]) -> Callable[[Array, Array], Any]:
    """Returns a function that has a value for each step."""
    return lambda labels, predictions: function(
        labels.astype(np.float64), predictions.astype(np.float64), multioutput="raw_values"
    )


def naive_error(labels: Array) -> float:
    """Returns the mean absolute error of a forecast that each value is that of the step before."""
    return float(sk.mean_absolute_error(labels[:, 1:], labels[:, :-1]))


def of_decisions(function: Callable[..., Any], **arguments: Any) -> Callable[[Array, Array], Any]:
    def value(labels: Array, predictions: Array) -> Any:
        decided = predictions >= 0.5 if predictions.ndim == 1 else predictions.argmax(axis=1)
        return function(labels, decided, **arguments)

    return value


def of_sets(function: Callable[..., Any], **arguments: Any) -> Callable[[Array, Array], Any]:
    """Returns a function of the decisions about all classes of a multi-label task."""
    return lambda labels, predictions: function(labels, predictions >= 0.5, **arguments)


def of_each(function: Callable[..., Any]) -> Callable[[Array, Array], Any]:
    """Returns a function of each step of a forecast, or of the only number."""

    def values(labels: Array, predictions: Array) -> Any:
        pairs = zip(
            labels.reshape(len(labels), -1).T, predictions.reshape(len(labels), -1).T, strict=True
        )
        return [function(*(column.astype(np.float64) for column in pair)) for pair in pairs]

    return values


EXPECTED: dict[tuple[str, str], Callable[[Array, Array], Any]] = {
    ("accuracy", "binary"): of_decisions(sk.accuracy_score),
    ("accuracy", "multiclass"): of_decisions(sk.accuracy_score),
    ("precision", "binary"): of_decisions(sk.precision_score),
    ("precision", "multiclass"): of_decisions(sk.precision_score, average=None),
    ("recall", "binary"): of_decisions(sk.recall_score),
    ("recall", "multiclass"): of_decisions(sk.recall_score, average=None),
    ("f1", "binary"): of_decisions(sk.f1_score),
    ("f1", "multiclass"): of_decisions(sk.f1_score, average=None),
    ("specificity", "binary"): of_decisions(sk.recall_score, pos_label=0),
    ("false_positive_rate", "binary"): lambda labels, predictions: (
        1 - sk.recall_score(labels, predictions >= 0.5, pos_label=0)
    ),
    **{
        (f"{average}_{name}", "multiclass"): of_decisions(function, average=average)
        for average in ("macro", "weighted", "micro")
        for name, function in (
            ("precision", sk.precision_score),
            ("recall", sk.recall_score),
            ("f1", sk.f1_score),
        )
    },
    **{
        (name if average is None else f"{average}_{name}", "multilabel"): of_sets(
            function, average=average
        )
        for average in (None, "macro", "weighted", "micro")
        for name, function in (
            ("precision", sk.precision_score),
            ("recall", sk.recall_score),
            ("f1", sk.f1_score),
        )
    },
    ("subset_accuracy", "multilabel"): of_sets(sk.accuracy_score),
    ("hamming_loss", "multilabel"): of_sets(sk.hamming_loss),
    ("top_3_accuracy", "multiclass"): by_sklearn(sk.top_k_accuracy_score, k=3),
    ("top_5_accuracy", "multiclass"): lambda labels, predictions: 1.0,
    ("confusion_matrix", "binary"): of_decisions(sk.confusion_matrix),
    ("confusion_matrix", "multiclass"): of_decisions(sk.confusion_matrix),
    ("auc", "binary"): by_sklearn(sk.roc_auc_score),
    ("pr_auc", "binary"): by_sklearn(sk.average_precision_score),
    ("log_loss", "binary"): by_sklearn(sk.log_loss),
    ("log_loss", "multiclass"): by_sklearn(sk.log_loss),
    ("calibration", "binary"): lambda labels, predictions: (
        predictions.mean(dtype=np.float64) / labels.mean()
    ),
    **{
        (name, task): flat(function)
        for task in ("regression", "forecast")
        for name, function in (
            ("rmse", sk.root_mean_squared_error),
            ("mae", sk.mean_absolute_error),
            ("mse", sk.mean_squared_error),
        )
    },
    **{
        (f"{name}_of_each", task): of_each(function)
        for task in ("regression", "forecast")
        for name, function in (
            ("rmse", sk.root_mean_squared_error),
            ("mae", sk.mean_absolute_error),
        )
    },
    ("r2", "regression"): by_sklearn(sk.r2_score),
    ("mase_of_each", "forecast"): lambda labels, predictions: (
        of_steps(sk.mean_absolute_error)(labels, predictions) / naive_error(labels)
    ),
    ("mase", "forecast"): lambda labels, predictions: (
        flat(sk.mean_absolute_error)(labels, predictions) / naive_error(labels)
    ),
    **{
        ("mean_label", task): lambda labels, predictions: labels.mean()
        for task in ("binary", "regression")
    },
    **{
        ("mean_prediction", task): lambda labels, predictions: predictions.mean(dtype=np.float64)
        for task in ("binary", "regression")
    },
    ("rank_mae", "ordinal"): of_decisions(sk.mean_absolute_error),
    ("quadratic_kappa", "ordinal"): of_decisions(sk.cohen_kappa_score, weights="quadratic"),
    **{("example_count", task): lambda labels, predictions: len(labels) for task in LABELS},
}
EXPECTED |= {
    (name, "ordinal"): value for (name, task), value in EXPECTED.items() if task == "multiclass"
}
CASES = [
    (name, task)
    for name, metric in METRICS.items()
    for task in LABELS
    if metric.fits(task)  # texts, boxes and masks: test_texts.py, test_images.py
]


def test_expected_values_cover_every_metric_and_task() -> None:
    assert set(EXPECTED) == set(CASES)


@pytest.mark.parametrize("parts", [1, 7])
@pytest.mark.parametrize(("name", "task"), CASES)
def test_metric_equals_scikit_learn_in_one_group_and_in_many(
    name: str, task: str, parts: int
) -> None:
    labels, predictions = LABELS[task], PREDICTIONS[task]
    expected = EXPECTED[name, task](labels, predictions)
    value = measure(name, task, labels, predictions, DECISIONS[task], parts)
    difference = np.max(np.abs(np.subtract(value, expected)))
    SHOW.info("%s, %s: largest difference %.1e", task, name, difference)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 3 / 6),
        ("precision", 2 / 4),
        ("recall", 2 / 3),
        ("f1", 4 / 7),
        ("specificity", 1 / 3),
        ("false_positive_rate", 2 / 3),
        ("confusion_matrix", [[1, 2], [1, 2]]),
        ("auc", 7 / 9),  # 7 of the 3 x 3 pairs are in order
        ("pr_auc", (1 + 1 + 3 / 5) / 3),  # precision at each positive, best score first
        ("log_loss", -math.log(0.9 * 0.3 * 0.8 * 0.4 * 0.4 * 0.9) / 6),
        ("calibration", (3.5 / 6) / (3 / 6)),
        ("mean_label", 3 / 6),
        ("mean_prediction", 3.5 / 6),
        ("example_count", 6),
    ],
)
def test_binary_metric_by_hand_on_six_examples(name: str, expected: Any) -> None:
    labels = np.array([1, 0, 1, 1, 0, 0])
    predictions = np.array([0.9, 0.7, 0.8, 0.4, 0.6, 0.1])
    value = measure(name, "binary", labels, predictions, Decision(2))
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", 4 / 6),
        ("precision", [2 / 3, 2 / 3, np.nan]),  # class 2 is never predicted
        ("recall", [2 / 3, 2 / 2, 0 / 1]),
        ("f1", [4 / 6, 4 / 5, 0]),
        ("macro_precision", (2 / 3 + 2 / 3 + 0) / 3),
        ("weighted_recall", 4 / 6),
        ("top_3_accuracy", 1),
        ("confusion_matrix", [[2, 1, 0], [0, 2, 0], [1, 0, 0]]),
        ("log_loss", -math.log(0.7 * 0.6 * 0.3 * 0.5 * 0.8 * 0.2) / 6),
    ],
)
def test_multiclass_metric_by_hand_on_six_examples(name: str, expected: Any) -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    predictions = np.array(
        [
            [0.7, 0.2, 0.1],
            [0.6, 0.3, 0.1],
            [0.3, 0.4, 0.3],
            [0.4, 0.5, 0.1],
            [0.1, 0.8, 0.1],
            [0.5, 0.3, 0.2],
        ]
    )
    value = measure(name, "multiclass", labels, predictions, Decision(3))
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mae", 8 / 6),
        ("mse", 18 / 6),
        ("rmse", math.sqrt(3)),
        ("r2", 1 - 18 / 17.5),
        ("mean_label", 3.5),
        ("mean_prediction", 3.5),
    ],
)
def test_regression_metric_by_hand_on_six_examples(name: str, expected: float) -> None:
    labels = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    predictions = np.array([2.0, 2.0, 1.0, 4.0, 8.0, 4.0])  # errors 1, 0, -2, 0, 3, -2
    value = measure(name, "regression", labels, predictions, Decision(0))
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_ordinal_metric_by_hand_on_five_examples() -> None:
    labels, decided = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 2])
    predictions = np.eye(3, dtype=np.float32)[decided]
    value = measure("rank_mae", "ordinal", labels, predictions, Decision(3))
    assert value == pytest.approx((1 + 2) / 5)
    value = measure("quadratic_kappa", "ordinal", labels, predictions, Decision(3))
    chance = sum(
        given * found * (i - j) ** 2
        for i, given in enumerate((2, 1, 2))
        for j, found in enumerate((2, 2, 1))
    )
    assert value == pytest.approx(1 - 5 / (chance / 5))


def test_kappa_of_a_single_class_is_not_defined() -> None:
    labels, predictions = np.zeros(3, np.int64), np.eye(3, dtype=np.float32)[[0, 0, 0]]
    assert math.isnan(measure("quadratic_kappa", "ordinal", labels, predictions, Decision(3)))


def test_accuracy_hides_a_model_that_finds_nobody_who_leaves() -> None:
    """A firm of 1,000 people of whom 10 leave, and a model that says that all stay."""
    labels = np.repeat([0, 1], [990, 10])
    predictions = np.full(1000, 0.01, np.float32)
    values = {
        name: measure(name, "binary", labels, predictions, Decision(2))
        for name in ("accuracy", "precision", "recall", "f1", "specificity", "auc")
    }
    assert values["accuracy"] == 0.99
    assert values["specificity"] == 1.0
    assert values["recall"] == 0.0
    assert values["f1"] == 0.0
    assert values["auc"] == 0.5
    assert math.isnan(values["precision"])
    matrix = measure("confusion_matrix", "binary", labels, predictions, Decision(2))
    assert matrix.tolist() == [[990, 0], [10, 0]]


def test_threshold_moves_the_decision() -> None:
    labels, predictions = np.array([0, 1, 1]), np.array([0.2, 0.35, 0.9], np.float32)
    assert measure("recall", "binary", labels, predictions, Decision(2, 0.5)) == 0.5
    assert measure("recall", "binary", labels, predictions, Decision(2, 0.3)) == 1.0


@pytest.mark.parametrize("name", ["auc", "recall", "pr_auc", "calibration"])
def test_metric_without_positive_examples_is_not_defined(name: str) -> None:
    labels, predictions = np.zeros(3, np.int64), np.array([0.1, 0.6, 0.2], np.float32)
    assert math.isnan(measure(name, "binary", labels, predictions, Decision(2)))


def test_r2_of_equal_labels_is_not_defined() -> None:
    labels, predictions = np.full(4, 2.0), np.arange(4.0)
    assert math.isnan(measure("r2", "regression", labels, predictions, Decision(0)))


def test_macro_mean_leaves_out_classes_that_do_not_occur() -> None:
    labels = np.array([0, 0, 1])
    predictions = np.eye(4, dtype=np.float32)[[0, 1, 1]]  # classes 2 and 3 do not occur
    expected = sk.f1_score(labels, predictions.argmax(axis=1), average="macro")
    value = measure("macro_f1", "multiclass", labels, predictions, Decision(4))
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("name", ["macro_precision", "macro_recall", "macro_f1"])
def test_macro_mean_of_examples_of_one_class_is_not_defined(name: str) -> None:
    """On a slice by the label, a class that was wrongly predicted would count as 0."""
    labels = np.full(4, 3)
    predictions = np.eye(4, dtype=np.float32)[[3, 3, 3, 1]]
    assert math.isnan(measure(name, "multiclass", labels, predictions, Decision(4)))


def test_constant_probabilities_earn_no_top_accuracy() -> None:
    labels, predictions = np.arange(10), np.full((10, 10), 0.1, np.float32)
    assert measure("top_3_accuracy", "multiclass", labels, predictions, Decision(10)) == 0.3


def test_log_loss_of_a_certain_error_is_finite() -> None:
    labels, predictions = np.array([1]), np.array([0.0], np.float32)
    value = measure("log_loss", "binary", labels, predictions, Decision(2))
    assert value == pytest.approx(sk.log_loss([1, 0], np.array([0.0, 0.0], np.float32)) * 2)


@pytest.mark.parametrize(("name", "custom"), [("a.b.C", True), ("auc", False), ("a..C", False)])
def test_is_custom_knows_a_dotted_path(name: str, custom: bool) -> None:
    assert is_custom(name) is custom


def repeated(array: Array, counts: Array) -> Array:
    return np.repeat(array, counts, axis=0)


@pytest.mark.parametrize(
    ("name", "task"),
    [(name, task) for name, metric in METRICS.items() for task in LABELS if metric.fits(task)],
)
def test_weight_of_an_example_is_how_often_it_counts(name: str, task: str) -> None:
    """Whole weights are repeated examples; their scale changes nothing."""
    counts = np.random.default_rng(3).integers(0, 4, len(LABELS[task]))
    labels, predictions, decision = LABELS[task], PREDICTIONS[task], DECISIONS[task]
    expected = measure(
        name, task, repeated(labels, counts), repeated(predictions, counts), decision
    )
    statistic = METRICS[name].statistic
    if not statistic.is_weighted:
        assert name == "example_count"
        return
    for scale in (1.0, 0.001):
        weights = (scale * counts)[:, None]
        parts = [slice(0, 200), slice(200, None)]
        merged = reduce(
            add,
            (statistic.of(labels[p], predictions[p], decision, weights[p]) for p in parts),
        )
        value = METRICS[name].compute(task, merged)[0]
        assert value == pytest.approx(scale * expected if name == "confusion_matrix" else expected)


def test_weighted_area_and_loss_equal_scikit_learn() -> None:
    weights, epsilon = np.random.default_rng(4).random(500), np.finfo(np.float32).eps
    labels, scores = LABELS["binary"], PREDICTIONS["binary"]
    for name, function in (
        ("auc", sk.roc_auc_score),
        ("pr_auc", sk.average_precision_score),
        ("log_loss", sk.log_loss),
    ):
        statistic = METRICS[name].statistic.of(labels, scores, Decision(2), weights[:, None])
        clipped = np.clip(scores, epsilon, 1 - epsilon) if name == "log_loss" else scores
        expected = function(labels, clipped.astype(np.float64), sample_weight=weights)
        assert METRICS[name].compute("binary", statistic)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "task"),
    [(name, task) for name, metric in METRICS.items() for task in LABELS if metric.fits(task)],
)
def test_value_is_in_the_range_of_its_metric(name: str, task: str) -> None:
    """Of good predictions and of the worst ones."""
    low, high = METRICS[name].range
    for predictions in (PREDICTIONS[task], PREDICTIONS[task][::-1]):
        value = measure(name, task, LABELS[task], predictions, DECISIONS[task])
        assert (np.asarray(value) >= low).all()
        assert (np.asarray(value) <= high).all()
