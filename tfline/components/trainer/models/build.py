"""From the name of a model to a model that is ready to be fitted."""

from __future__ import annotations

import inspect
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.learning_rate import Rate
from tfline.components.trainer.losses import build_loss
from tfline.components.trainer.models import MODELS, WRITERS, resolve
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.penalties import penalise
from tfline.components.trainer.named import OwnCode
from tfline.tasks.heads.head import Head
from tfline.transforms.arguments import check_arguments
from tfline.transforms.errors import ModelError

_MEANT = {
    "softmax": "the probabilities of the classes sum to 1",
    "sigmoid": "each probability is of one class by itself",
}
"""What the outputs of a model of classes are."""


def build_model(
    name: str, arguments: Mapping[str, Any], features: Sequence[TensorFeature], head: Head
) -> keras.Model:
    """Builds a model and checks that it is one for these features and this task.

    Args:
        name: A name of `MODELS`, or the dotted path of a builder.
        arguments: Keyword arguments of the builder.
        features: The inputs.
        head: What to predict.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        SpecError: There is no such model, or an argument is wrong.
        ModelError: The features do not fit the model, or the model does not fit the task.
    """
    builder = resolve(name)
    checked = check_arguments(builder, arguments, f"model {name}")
    model = builder(features, head, **checked)
    if not isinstance(model, keras.Model):
        raise ModelError(f"'{name}' must return a keras.Model. Received: {type(model).__name__}")
    _check_fit(model, name, features, head)
    if name in MODELS:  # the user's own builder has penalties of its own
        penalise(model, checked.get("l1", 0.0), checked.get("l2", 0.0))
    return model


def _check_fit(
    model: keras.Model, name: str, features: Sequence[TensorFeature], head: Head
) -> None:
    names = {feature.name for feature in features} | ({head.teacher} if head.teacher else set())
    inputs = getattr(model, "input", None)  # a subclass has none until it is called
    taken = set(inputs) if isinstance(inputs, dict) else set()
    if head.teacher and head.teacher not in taken:
        raise ModelError(
            f"Model '{name}' writes no texts",
            where="label",
            hint=f"Choose one that does: {', '.join(sorted(WRITERS))}.",
        )
    if taken != names:
        raise ModelError(
            f"Model '{name}' must take a dictionary of all features. "
            f"Expected: {', '.join(sorted(names))}. Received: {', '.join(sorted(taken)) or 'none'}",
            hint="Begin it with `build_inputs(features)`, and leave out of the spec what it does "
            "not need.",
        )
    if not _fits(model.output_shape, head.output_shape):
        raise ModelError(
            f"Model '{name}' does not fit a {head.task} label: expected an output of shape "
            f"{head.output_shape}. Received: {model.output_shape}",
            hint="End it with `head.output(x)`.",
        )
    if name not in MODELS:
        _check_activation(model, name, head)


def _fits(shape: tuple[int | None, ...], expected: tuple[int | None, ...]) -> bool:
    """Tells whether an output is of the shape of a head; None stands for any size."""
    pairs = itertools.zip_longest(shape, expected, fillvalue=0)
    return all(size == wanted or wanted is None for size, wanted in pairs)


def _check_activation(model: keras.Model, name: str, head: Head) -> None:
    """Refuses an own model of classes whose outputs are no probabilities, as far as can be seen."""
    last = model.output._keras_history.operation  # noqa: SLF001 - Keras has no other way to it
    activation = getattr(getattr(last, "activation", None), "__name__", head.activation)
    if head.activation not in _MEANT or activation == head.activation:
        return
    if activation in (*_MEANT, "linear", "relu", "tanh"):
        raise ModelError(
            f"Model '{name}' ends with {activation}, and a {head.task} label needs "
            f"{head.activation}: {_MEANT[head.activation]}",
            hint="End it with `head.output(x)`.",
        )


def _own_metrics(codes: Sequence[OwnCode]) -> list[Any]:
    """Makes the user's own metrics, by the same names in every model of this process.

    Keras calls the first `Precision` that it makes ``precision`` and the next one ``precision_1``,
    so that a member of an ensemble would not have the ``val_precision`` that is monitored.
    """
    made: list[Any] = []
    names: Counter[str] = Counter()
    for code in codes:
        found = code.find()
        if isinstance(found, type) and _is_unnamed(found) and "name" not in code.arguments:
            name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", found.__name__).lower()
            number = f"_{names[name]}" if names[name] else ""
            names[name] += 1
            named = {**code.arguments, "name": f"{name}{number}"}
            code = code.model_copy(update={"arguments": named})
        made.append(code.make(keras.metrics.Metric))
    return made


def _is_unnamed(kind: type) -> bool:
    """Tells whether a class of metrics takes a name, and has none by itself."""
    parameter = inspect.signature(kind).parameters.get("name")
    return parameter is not None and parameter.default is None


def compile_model(
    model: keras.Model,
    head: Head,
    config: TrainConfig,
    steps_per_execution: int,
    rate: Rate | None = None,
) -> None:
    """Gives `model` its optimizer, loss and metrics.

    Args:
        model: Changed in place.
        head: What to predict; see `with_link`.
        config: How to train.
        steps_per_execution: Steps in one call into TensorFlow.
        rate: The learning rate; None: that of `config`, without its schedule.

    Raises:
        SpecError: The loss does not fit the task, or the user's own loss or metric is none.
    """
    own = _own_metrics(config.metrics)
    # XLA makes convolutions 2 to 4 times slower on CPUs, and takes seconds to compile.
    jit_compile = "auto" if tf.config.list_physical_devices("GPU") else False
    shown = [*head.metrics(), *(head.shown(metric) for metric in own)]
    is_weighted = config.weight is not None  # as the Evaluator counts them
    model.compile(
        optimizer=config.optimizer.build(rate or config.peak_rate, config.accumulate),
        loss=build_loss(config.loss, head),
        metrics=None if is_weighted else shown,
        weighted_metrics=shown if is_weighted else None,
        steps_per_execution=steps_per_execution,
        jit_compile=jit_compile,
    )
