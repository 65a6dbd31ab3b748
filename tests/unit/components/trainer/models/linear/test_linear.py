"""Linear models reach what scikit-learn reaches, and are served as any other model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import datasets, linear_model, preprocessing, svm

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.linear import examples
from tfline.components.trainer.models.linear.model import LinearModel
from tfline.tasks.heads.classes import BinaryHead, MulticlassHead, MultilabelHead
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead

TABLES = {
    "diabetes": datasets.load_diabetes,
    "breast cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
}


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    x, y = TABLES[name](return_X_y=True)
    return preprocessing.scale(x).astype(np.float32), y


def fitted(
    x: np.ndarray,
    y: np.ndarray,
    head: Head,
    weights: np.ndarray | None = None,
    loss: Any = None,
    **arguments: Any,
) -> LinearModel:
    """Returns the model of one vector feature, learnt from batches of 100."""
    train = TrainConfig.model_validate({"loss": loss} if loss else {})
    head = with_link(head, train.loss)
    feature = TensorFeature("x", "numeric", (x.shape[1],))
    model = build_model("linear", arguments, [feature], head)
    compile_model(model, head, train, 1)
    parts: tuple[Any, ...] = ({"x": x}, y) if weights is None else ({"x": x}, y, weights)
    batches = tf.data.Dataset.from_tensor_slices(parts).batch(100)
    assert isinstance(model, LinearModel)
    model.learn(batches, batches, train, None)
    return model


def weights_of(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    layer = model.get_layer("output")
    return layer.kernel.numpy(), layer.bias.numpy()


def close(found: np.ndarray, expected: np.ndarray) -> None:
    """Sees that weights are equal within a thousandth of the largest of them."""
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_ridge_is_that_of_scikit_learn(name: str, alpha: float) -> None:
    x, y = table(name)
    y = y.astype(np.float32)
    expected = linear_model.Ridge(alpha).fit(x, y)
    kernel, bias = weights_of(fitted(x, y[:, None], RegressionHead(), l2=alpha / len(x)))
    close(kernel[:, 0], expected.coef_)
    np.testing.assert_allclose(bias, expected.intercept_, rtol=1e-3)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_lasso_and_elastic_net_are_those_of_scikit_learn(name: str, ratio: float) -> None:
    x, y = table(name)
    y = y.astype(np.float32)
    alpha = float(np.abs(x.T @ (y - y.mean())).max() / len(x) / 10)
    expected = linear_model.ElasticNet(alpha, l1_ratio=ratio, tol=1e-8, max_iter=100_000).fit(x, y)
    penalties = {"l1": 2 * alpha * ratio, "l2": alpha * (1 - ratio)}
    kernel, _ = weights_of(fitted(x, y[:, None], RegressionHead(), **penalties))
    close(kernel[:, 0], expected.coef_)
    assert set(np.flatnonzero(kernel[:, 0])) == set(np.flatnonzero(expected.coef_))
    assert (kernel == 0).any()


@pytest.mark.parametrize("name", ["breast cancer", "wine"])
@pytest.mark.parametrize(("c", "penalty"), [(1.0, "l2"), (0.1, "l2"), (0.5, "l1")])
def test_logistic_and_softmax_regression_are_those_of_scikit_learn(
    name: str, c: float, penalty: str
) -> None:
    x, y = table(name)
    expected = linear_model.LogisticRegression(
        C=c, penalty=penalty, solver="saga" if penalty == "l1" else "newton-cg", tol=1e-8,
        max_iter=100_000,
    ).fit(x.astype(np.float64), y)  # fmt: skip
    classes = len(np.unique(y))
    head: Head = MulticlassHead(("a", "b", "c")) if classes > 2 else BinaryHead(("no", "yes"))
    label = y.astype(np.int64) if classes > 2 else y.astype(np.float32)[:, None]
    strength = 1 / (c * len(x))
    given = {"l2": strength / 2} if penalty == "l2" else {"l1": strength}
    model = fitted(x, label, head, **given)
    kernel, _ = weights_of(model)
    close(kernel.T, expected.coef_)
    probabilities = expected.predict_proba(x)
    found = model.predict({"x": x}, verbose=0)
    np.testing.assert_allclose(found, probabilities[:, -found.shape[1] :], atol=1e-3)


def test_weights_of_examples_count_as_repeated_examples() -> None:
    x, y = table("diabetes")
    y = y.astype(np.float32)[:, None]
    counts = np.random.default_rng(0).integers(0, 3, len(x))
    weighted = fitted(x, y, RegressionHead(), counts.astype(np.float32), l2=0.01)
    repeated = fitted(x.repeat(counts, 0), y.repeat(counts, 0), RegressionHead(), l2=0.01)
    close(weights_of(weighted)[0], weights_of(repeated)[0])
    robust = [
        fitted(a, b, RegressionHead(), w, "huber", l2=0.01)
        for a, b, w in (
            (x, y, counts.astype(np.float32)),
            (x.repeat(counts, 0), y.repeat(counts, 0), None),
        )
    ]
    close(weights_of(robust[0])[0], weights_of(robust[1])[0])


def test_counts_are_those_of_poisson_regression() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(2000, 3)).astype(np.float32)
    y = random.poisson(np.exp(x @ [0.5, -0.3, 0.0] + 1)).astype(np.float32)
    expected = linear_model.PoissonRegressor(alpha=0.01, solver="newton-cholesky", tol=1e-5).fit(
        x, y
    )
    model = fitted(x, y[:, None], RegressionHead(), loss="poisson", l2=0.005)
    kernel, _ = weights_of(model)
    close(kernel[:, 0], expected.coef_)


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_squared_hinge_is_that_of_a_support_vector_machine(c: float) -> None:
    x, y = table("breast cancer")
    # Its bias has a penalty, too: with such a scale that does not matter.
    machine = svm.LinearSVC(C=c, loss="squared_hinge", dual=False, tol=1e-10, intercept_scaling=1e3)
    machine.fit(x.astype(np.float64), y)
    label = y.astype(np.float32)[:, None]
    head = BinaryHead(("no", "yes"))
    model = fitted(x, label, head, loss="squared_hinge", l2=1 / (2 * c * len(x)))
    kernel, _ = weights_of(model)
    close(kernel.T, machine.coef_)
    decided = model.predict({"x": x}, verbose=0)[:, 0] >= 0.5
    assert (decided == machine.predict(x)).all()


def test_flags_and_several_numbers_have_weights_of_their_own() -> None:
    x, y = table("wine")
    flags = np.eye(3, dtype=np.float32)[y]
    kernel, _ = weights_of(fitted(x, flags, MultilabelHead(("a", "b", "c")), l2=0.001))
    alone, _ = weights_of(fitted(x, flags[:, :1], MultilabelHead(("a",)), l2=0.003))
    close(kernel[:, :1], alone)  # the loss is the mean over the flags
    numbers = x[:, :2] @ np.array([[1.0, 2.0], [3.0, -1.0]], np.float32)
    kernel, _ = weights_of(fitted(x, numbers, RegressionHead(size=2)))
    close(kernel[:2], np.array([[1.0, 2.0], [3.0, -1.0]]))


def test_categories_and_texts_become_columns() -> None:
    features = [
        TensorFeature("city", "index", (), 3),
        TensorFeature("words", "index", (4,), 5),
        TensorFeature("age", "numeric"),
    ]
    model = build_model("linear", {}, features, RegressionHead())
    assert model.get_layer("output").kernel.shape == (3 + 5 + 1, 1)


def test_huge_penalty_empties_the_weights() -> None:
    x, y = table("wine")
    for penalty in ({"l1": 1e4}, {"l2": 1e6}):
        kernel, _ = weights_of(
            fitted(x, y.astype(np.int64), MulticlassHead(("a", "b", "c")), **penalty)
        )
        assert np.abs(kernel).max() < 1e-3


def test_columns_that_repeat_others_are_solved_for() -> None:
    x, y = table("diabetes")
    model = fitted(np.concatenate([x, x], 1), y.astype(np.float32)[:, None], RegressionHead())
    expected = linear_model.LinearRegression().fit(x, y)
    found = model.predict({"x": np.concatenate([x, x], 1)}, verbose=0)[:, 0]
    np.testing.assert_allclose(found, expected.predict(x), rtol=1e-3)


@pytest.mark.parametrize("most", [0, 2 << 30])
def test_examples_that_do_not_fit_into_memory_are_read_again(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(examples, "MOST_BYTES", most)
    passes = 0

    class Batches:
        def __iter__(self) -> Any:
            nonlocal passes
            passes += 1
            yield {"x": tf.eye(4)}, tf.zeros([4, 1])
            yield {"x": tf.ones([2, 4])}, tf.zeros([2, 1])

    found = examples.Examples(Batches(), lambda features: features["x"])
    for _ in range(3):
        rows = list(found)
        assert [row.x.shape for row in rows] == [(4, 4), (2, 4)]
    assert passes == (1 if most else 3)
