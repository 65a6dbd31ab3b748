"""The `run_fn` of TFX's Trainer: config -> data -> build -> fit -> save."""

from __future__ import annotations

import dataclasses
import logging
import os
import tempfile
import time
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from tfline.components.artifacts.naive import FOLDER
from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.conformal.intervals import calibrate, check_group
from tfline.components.trainer.data import TrainingData, load_data
from tfline.components.trainer.devices import precision, repeatable, strategy
from tfline.components.trainer.doubt import measure_doubt
from tfline.components.trainer.ensemble import Ensemble, members_of, train_members
from tfline.components.trainer.explain.choice import is_explained, make_explainer
from tfline.components.trainer.export import export
from tfline.components.trainer.fine_tuning import compile_again
from tfline.components.trainer.fit import steps_per_execution
from tfline.components.trainer.hyperparameters import with_values
from tfline.components.trainer.label import check_of_keras
from tfline.components.trainer.layer_start import take_layers
from tfline.components.trainer.learning_rate import scheduled_rate
from tfline.components.trainer.losses import loss_unit, with_link
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.own_training import Training
from tfline.components.trainer.monte_carlo import check_samples
from tfline.components.trainer.naive.errors import naive_errors
from tfline.components.trainer.naive.models import write_naive
from tfline.components.trainer.report import write_report
from tfline.components.trainer.start import LayersOfPushed
from tfline.components.trainer.top_classes import check_top
from tfline.components.trainer.training import train_model
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.components.trainer.warm_start import WarmStart, warm_start
from tfline.tasks.heads.head import Head

_progress = logging.getLogger("tfline.progress")

if TYPE_CHECKING:
    from tfx.components.trainer.fn_args_utils import FnArgs


def run_fn(fn_args: FnArgs) -> None:
    """Trains a model and exports it.

    Args:
        fn_args: TFX's; `custom_config` is a dumped `RunConfig`.

    Raises:
        SpecError: There is no such model, or an argument of it is wrong.
        DataError: A split has no record to use.
        ModelError: The features do not fit the model, or the training diverged.
    """
    config = RunConfig.model_validate(fn_args.custom_config)
    if fn_args.hyperparameters:  # the Tuner's
        config = with_values(config, fn_args.hyperparameters["values"])
    graph = TransformGraph(fn_args.transform_output)
    with repeatable(config.train.deterministic), tempfile.TemporaryDirectory() as scratch:
        keras.utils.set_random_seed(config.train.seed + 1)  # a global seed of 0 breaks tf.data
        data = load_data(fn_args.train_files, fn_args.eval_files, graph, config.train, scratch)
        head = with_link(graph.head, config.train.loss)
        model = prepare(config, graph, head, data)
        if config.top_k is not None:
            check_top(config.top_k, graph.task, graph.metadata.classes)
        if config.intervals is not None:
            check_group(config.intervals, graph)
        explained = is_explained(config.explain, model, graph, head)
        if config.train.monte_carlo:
            check_samples(model, head, graph.task)
        begun = None
        if config.train.warm_start:
            begun = _begin(model, head, data, config.train, graph, fn_args)
        unit = loss_unit(config.train.loss, head)
        if unit:
            _progress.info("the loss is computed on %s; metrics are in the unit of the label", unit)
        started = time.monotonic()
        state_dir = config.train_state_dir if config.train.checkpoints else None
        training = _train(model, head, data, config, fn_args.model_run_dir, state_dir)
        seconds = time.monotonic() - started
        if config.train.monte_carlo:
            training = _with_doubt(training, model, head, data, config.train.monte_carlo)
        folder = os.path.join(os.path.dirname(fn_args.serving_model_dir.rstrip("/")), FOLDER)
        write_naive(folder, graph, head, data, fn_args.train_files, config.train)
        naive = naive_errors(graph, head, fn_args.train_files)
        explainer = (
            make_explainer(config.explain, model, graph, head, data.plain) if explained else None
        )

        intervals = None
        if config.intervals is not None:
            intervals = calibrate(model, graph, head, config.intervals, fn_args.eval_files)

    export(model, graph, head, config, fn_args.serving_model_dir, naive, explainer, intervals)
    write_report(fn_args.model_run_dir, model, data, config, training, seconds, begun, unit)
    if state_dir is not None and tf.io.gfile.exists(state_dir):
        tf.io.gfile.rmtree(state_dir)


def _begin(
    model: keras.Model,
    head: Head,
    data: TrainingData,
    config: TrainConfig,
    graph: TransformGraph,
    fn_args: FnArgs,
) -> WarmStart | None:
    """Gives a model the weights of a pushed one, or those of its lower layers."""
    start, files = config.warm_start, fn_args.train_files
    if not isinstance(start, LayersOfPushed):
        return warm_start(model, fn_args.base_model, graph, files, head)
    begun = take_layers(model, start.folder or fn_args.base_model, graph, files, start)
    if begun is not None:
        compile_again(model, head, config, data)
    return begun


def _with_doubt(
    training: Training, model: keras.Model, head: Head, data: TrainingData, samples: int
) -> Training:
    """Adds to a history how well the doubt of a model under dropout fits its labels."""
    measured = [
        measure_doubt(model, head, batches, samples, prefix)
        for prefix, batches in (("", data.plain), ("val_", data.evaluation))
    ]
    return dataclasses.replace(training, history={**training.history, **measured[0], **measured[1]})


def _train(
    model: keras.Model,
    head: Head,
    data: TrainingData,
    config: RunConfig,
    log_dir: str,
    state_dir: str | None,
) -> Training:
    if not isinstance(model, Ensemble):
        return train_model(model, head, data, config.train, log_dir, state_dir)
    each = [member.train for member in members_of(config)]
    return train_members(model, head, data, each, log_dir, state_dir)


def prepare(
    config: RunConfig, graph: TransformGraph, head: Head, data: TrainingData
) -> keras.Model:
    """Builds and compiles the model, or all that answer as one; see `prepare_model`."""
    if config.ensemble is None:
        return prepare_model(config, graph, head, data)
    members = []
    for member in members_of(config):
        keras.utils.set_random_seed(member.train.seed + 1)
        members.append(prepare_model(member, graph, head, data))
    model = Ensemble(members, graph.features)
    compile_model(model, head, config.train, steps_per_execution(data))
    return model


def prepare_model(
    config: RunConfig, graph: TransformGraph, head: Head, data: TrainingData
) -> keras.Model:
    """Builds and compiles the model for the devices and the precision that it is trained with.

    Args:
        config: Which model, and how it is trained.
        graph: Its features.
        head: What it predicts; see `with_link`.
        data: How many steps there are.

    Raises:
        SpecError: There is no such model, or an argument is wrong.
        ModelError: The features do not fit the model, or the model does not fit the task.
    """
    train = config.train
    check_of_keras(train, graph.task)
    epochs = data.steps / data.steps_per_epoch
    has_strings = any(feature.kind == "string" for feature in graph.features)
    devices = strategy(train.accumulate, has_strings=has_strings)
    with devices.scope(), precision(train.precision):
        model = build_model(config.model.name, config.model.arguments, graph.features, head)
        rate = scheduled_rate(train.schedule, train.peak_rate, data.steps_per_epoch, epochs)
        compile_model(model, head, train, steps_per_execution(data), rate)
    return model
