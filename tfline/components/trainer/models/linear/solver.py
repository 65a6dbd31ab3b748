"""The weights of a linear model: exactly for least squares, else by L-BFGS-B."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import scipy.linalg
import scipy.optimize
import tensorflow as tf

from tfline.components.trainer.losses.loss import LossFunction
from tfline.components.trainer.models.linear.examples import Examples, Floats
from tfline.transforms.errors import ModelError

MOST_COLUMNS = 4_000
"""With more columns, least squares are not solved by their matrix of products."""

_LEAST_RIDGE = 1e-10
"""Added to the variance of each column, as a share of the largest: columns may repeat others."""

_REPORT_EVERY = 10

_progress = logging.getLogger("tfline.progress")


@dataclasses.dataclass(frozen=True)
class Problem:
    """What is lowered: the mean loss of the examples, and the penalties of the weights.

    Attributes:
        examples: What is learnt from.
        loss: Of a batch of labels and predictions.
        activation: Turns numbers into predictions.
        l1: Weight of the sum of |weights|.
        l2: Weight of the sum of squared weights.
    """

    examples: Examples
    loss: LossFunction
    activation: Callable[[Any], Any]
    l1: float
    l2: float

    @property
    def is_quadratic(self) -> bool:
        """Whether it is one of least squares."""
        squared = isinstance(self.loss, keras.losses.MeanSquaredError)
        return squared and self.activation is keras.activations.linear


@dataclasses.dataclass(frozen=True)
class Solution:
    """Weights float64 [columns, units], bias float64 [units], and how they were found."""

    weights: Floats
    bias: Floats
    how: str


Objective = Callable[[Floats], tuple[float, Floats]]
"""From weights and bias, float64 [columns + 1, units], to the mean loss and its gradient."""


def solve(problem: Problem, columns: int, units: int, max_iterations: int) -> Solution:
    """Returns the weights that lower a loss the most.

    Args:
        problem: What is lowered.
        columns: How many numbers an example has.
        units: How many numbers are predicted.
        max_iterations: The most steps of L-BFGS-B.

    Raises:
        ModelError: The loss is not a number.
    """
    if not problem.is_quadratic or columns > MOST_COLUMNS:
        loss = _loss_of_examples(problem)
        return _descend(problem, loss, columns, units, max_iterations)
    products, count = _products(problem.examples, columns, units)
    if problem.l1:
        loss = _loss_of_products(products, count, columns, units)
        return _descend(problem, loss, columns, units, max_iterations)
    return _least_squares(products, count, problem.l2, columns, units)


def _products(examples: Examples, columns: int, units: int) -> tuple[Floats, float]:
    """Returns the weighted products of all pairs of columns: x, then 1, then the labels."""
    size = columns + 1 + units
    products, count = np.zeros([size, size]), 0.0
    for rows in examples:
        x = rows.x.toarray() if hasattr(rows.x, "toarray") else rows.x
        label = np.reshape(rows.label.numpy(), [len(x), -1])
        both = np.concatenate([x, np.ones([len(x), 1]), label], axis=1).astype(np.float64)
        products += both.T @ (both * rows.weight[:, np.newaxis])
        count += float(rows.weight.sum())
    return products, count


def _least_squares(products: Floats, count: float, l2: float, columns: int, units: int) -> Solution:
    means = products[columns] / count
    spread = products / count - np.outer(means, means)  # covariances
    x, label = slice(columns), slice(columns + 1, None)
    # The mean over the outputs is lowered: of several, the penalty weighs as many times as much.
    ridge = units * l2 + _LEAST_RIDGE * max(np.diag(spread[x, x]).max(initial=0.0), 1e-30)
    matrix = spread[x, x] + ridge * np.eye(columns)
    weights = scipy.linalg.solve(matrix, spread[x, label], assume_a="pos")
    bias = means[label] - means[x] @ weights
    return _checked(Solution(weights, bias, "solved exactly"))


def _loss_of_products(products: Floats, count: float, columns: int, units: int) -> Objective:
    """Returns the mean squared error, from the products of all columns."""
    x = slice(columns + 1)
    label = slice(columns + 1, None)
    a, b = products[x, x] / count, products[x, label] / count
    squares = float(np.trace(products[label, label])) / count

    def loss(weights: Floats) -> tuple[float, Floats]:
        of_all = a @ weights
        value = squares + float(np.sum(weights * (of_all - 2 * b)))
        return value / units, 2 * (of_all - b) / units

    return loss


def _loss_of_examples(problem: Problem) -> Objective:
    """Returns any loss, from all examples, in float64."""
    # Keras's own call of a loss would compute in float32.
    function = getattr(problem.loss, "call", problem.loss)

    @tf.function(autograph=False, reduce_retracing=True)
    def loss_of(
        logits: tf.Tensor, label: tf.Tensor, weight: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the weighted sum of losses, and its derivative by the logits [batch, units]."""
        each = function(label, problem.activation(logits))
        each = tf.reshape(tf.cast(each, tf.float64), [tf.size(weight), -1])
        value = tf.reduce_sum(tf.reduce_mean(each, axis=1) * weight)
        return value, tf.gradients(value, logits)[0]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, count, gradient = 0.0, 0.0, np.zeros_like(weights)
        for rows in problem.examples:
            logits = rows.times(weights[:-1]) + weights[-1]
            value, of_logits = loss_of(logits, rows.label, rows.weight)
            total += float(value)
            count += float(rows.weight.sum())
            gradient[:-1] += rows.back(of_logits.numpy())
            gradient[-1] += of_logits.numpy().sum(axis=0)
        return total / count, gradient / count

    return loss


def _descend(
    problem: Problem, loss: Objective, columns: int, units: int, max_iterations: int
) -> Solution:
    """Lowers a loss by L-BFGS-B.

    For the sum of |weights| each weight is the difference of two that are not negative: then it has
    a derivative everywhere, and weights end at exactly 0.
    """
    size = columns * units
    halves = 2 if problem.l1 else 1

    def joined(point: Floats) -> Floats:
        """Returns weights and bias, [columns + 1, units]."""
        weights, bias = point[:size], point[halves * size :]
        if problem.l1:
            weights = weights - point[size : 2 * size]
        return np.concatenate([weights, bias]).reshape(columns + 1, units)

    def objective(point: Floats) -> tuple[float, Floats]:
        both = joined(point)
        value, gradient = loss(both)
        value += problem.l2 * float(np.sum(both[:-1] ** 2))
        gradient[:-1] += 2 * problem.l2 * both[:-1]
        flat, bias = gradient[:-1].ravel(), gradient[-1]
        if not problem.l1:
            return value, np.concatenate([flat, bias])
        value += problem.l1 * float(np.sum(point[: 2 * size]))
        return value, np.concatenate([flat + problem.l1, problem.l1 - flat, bias])

    steps = 0

    def tell(intermediate_result: Any) -> None:
        nonlocal steps
        steps += 1
        if steps % _REPORT_EVERY == 0:
            _progress.info("step %d, loss %.6g", steps, intermediate_result.fun)

    positive = [(0.0, None)] * (2 * size if problem.l1 else 0)
    free = [(None, None)] * (halves * size + units - len(positive))
    found = scipy.optimize.minimize(
        objective,
        np.zeros(halves * size + units),
        jac=True,
        method="L-BFGS-B",
        bounds=[*positive, *free],
        callback=tell,
        options={"maxiter": max_iterations, "maxfun": 4 * max_iterations,
                 "ftol": 1e-13, "gtol": 1e-8},
    )  # fmt: skip
    both = joined(found.x)
    return _checked(Solution(both[:-1], both[-1], f"{found.nit:,} steps"))


def _checked(solution: Solution) -> Solution:
    """Returns a solution of numbers.

    Raises:
        ModelError: It has others.
    """
    if not (np.isfinite(solution.weights).all() and np.isfinite(solution.bias).all()):
        raise ModelError(
            "The weights of the linear model are not numbers",
            hint="Scale the features, such as by `z_score`, or give the model a small `l2`.",
        )
    return solution
