"""Monte Carlo dropout: how sure a model is, told by answers for which parts of it are left out.

A model with dropout stands for many thinner ones; where they agree it is sure (Gal and Ghahramani
2016, Dropout as a Bayesian Approximation).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

import keras
import tensorflow as tf

from tfline.components.trainer.transform_graph import Features
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead
from tfline.tasks.table import TASKS
from tfline.tasks.task import Task
from tfline.transforms.errors import ModelError

Outputs = dict[str, tf.Tensor]

VALUES = ("prediction", "probabilities")
"""What of an answer has a standard deviation: one of these."""


def check_samples(model: keras.Model, head: Head, task: Task) -> None:
    """Sees that the answers to a task have a mean, and that there is something to sample.

    Raises:
        ModelError: The answers are no numbers, or quantiles; or the model has no dropout, so that
            all of them would be the same.
    """
    if isinstance(head, RegressionHead) and head.link.levels:
        raise ModelError(
            "The loss quantile tells how far a label may be off itself. Received: monte_carlo",
            where="train.monte_carlo",
            hint="Leave `monte_carlo` out, or choose another loss.",
        )
    if not task.has_mean:
        fitting = [name for name, other in TASKS.items() if other.has_mean]
        raise ModelError(
            f"The answers to a {task.name} label have no mean. Received: monte_carlo",
            where="train.monte_carlo",
            hint=f"Leave it out; it is for the tasks {', '.join(fitting)}.",
        )
    for layer in _all_layers(model):
        if any(getattr(layer, name, 0) for name in ("rate", "dropout", "recurrent_dropout")):
            return
    raise ModelError(
        f"Monte Carlo dropout needs a model with dropout. Received: '{model.name}' without",
        where="train.monte_carlo",
        hint=f"Give the model one, such as `model: {{{model.name}: {{dropout: 0.2}}}}`, or leave "
        "`monte_carlo` out.",
    )


def sample_outputs(model: keras.Model, features: Features, samples: int) -> tf.Tensor:
    """Returns the outputs of a model with its dropout at work, float32 [samples, batch, ...].

    Args:
        model: Trained.
        features: Its input, [batch, ...].
        samples: How many.
    """

    def one(_: tf.Tensor) -> tf.Tensor:
        y = model(features, training=True)
        return y[0] if isinstance(y, tuple) else y  # without the outputs that only train it

    with _moving_statistics(model):
        return tf.map_fn(one, tf.range(samples), fn_output_signature=tf.float32)


def answer_samples(y: tf.Tensor, answer: Callable[[tf.Tensor], Outputs]) -> Outputs:
    """Names the mean of the samples as an answer is named, and adds their standard deviation.

    Args:
        y: [samples, batch, ...].
        answer: From outputs of a model, [batch, ...], to what is served.

    Returns:
        The answer, and ``standard_deviation`` of the shape of its prediction or probabilities.
    """
    outputs = answer(tf.reduce_mean(y, axis=0))
    rows = tf.reshape(y, tf.concat([[-1], tf.shape(y)[2:]], axis=0))  # [samples * batch, ...]
    values = _value(answer(tf.ensure_shape(rows, [None, *y.shape[2:]])))
    shape = tf.concat([tf.shape(y)[:2], tf.shape(values)[1:]], axis=0)
    deviation = tf.math.reduce_std(tf.reshape(values, shape), axis=0)
    return {**outputs, "standard_deviation": tf.ensure_shape(deviation, _value(outputs).shape)}


def _value(outputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
    return next(outputs[name] for name in VALUES if name in outputs)


@contextlib.contextmanager
def _moving_statistics(model: keras.Model) -> Iterator[None]:
    """Lets batch normalizations be as in inference, though the model is called as in training."""
    layers = [
        layer
        for layer in _all_layers(model)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]
    for layer in layers:
        layer.trainable = False
    try:
        yield
    finally:
        for layer in layers:
            layer.trainable = True


def _all_layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers, and the layers within them."""
    return list(model._flatten_layers())  # noqa: SLF001 - `layers` stops at the outermost
