"""Writes a trained model as a SavedModel that serves itself and says what it is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfline.components.artifacts.naive import NaiveErrors
from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.conformal.intervals import Intervals
from tfline.components.trainer.explain.explainer import Explainer
from tfline.components.trainer.signatures import METHOD_NAMES, ServingModel
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead

CARD = os.path.join("assets.extra", "tfline.json")
"""What Evaluator, Pusher and client read of a model; TF Serving passes it over."""

FORMAT = 1
"""The version of the card's content."""


def export(
    model: keras.Model,
    graph: TransformGraph,
    head: Head,
    config: RunConfig,
    folder: str,
    naive: NaiveErrors | None = None,
    explainer: Explainer | None = None,
    intervals: Intervals | None = None,
) -> None:
    """Exports `model` with its transform graph, its signatures and its card.

    Args:
        model: Trained.
        graph: What its features are made by.
        head: What it predicts.
        config: Of this training.
        folder: Written beside itself and renamed when it is complete.
        naive: What errors of a forecast are compared with; None: not known.
        explainer: Of the signature ``explain``; None: there is none.
        intervals: What is possible beside each answer; None: that is not told.
    """
    partial = f"{folder.rstrip('/')}.partial"
    samples, top_k = config.train.monte_carlo, config.top_k or 0
    serving = ServingModel(model, graph, head, samples, explainer, intervals, top_k)
    tf.saved_model.save(serving, partial, signatures=serving.signatures())
    name_signatures(partial, serving.arguments)
    _write_card(partial, graph, head, config, naive or NaiveErrors())
    tf.io.gfile.rename(partial, folder)


def target_form(head: Head) -> str:
    """Returns in what form a model gives a number: with another one its output means another."""
    if not isinstance(head, RegressionHead):
        return ""
    return f"{head.scale.transform}, {head.link}"


def read_export_card(folder: str) -> dict[str, Any]:
    """Returns the card of an export; empty if there is none."""
    path = os.path.join(folder, CARD)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        card: dict[str, Any] = json.load(file)
    return card


def name_signatures(folder: str, arguments: Mapping[str, str]) -> None:
    """Writes what `tf.saved_model.save` has no argument for: methods, and the names of columns.

    Args:
        folder: A SavedModel.
        arguments: Raw feature to the name of its argument in the signature ``columns``.
    """
    path = os.path.join(folder, tf.saved_model.SAVED_MODEL_FILENAME_PB)
    with tf.io.gfile.GFile(path, "rb") as file:
        saved_model = saved_model_pb2.SavedModel.FromString(file.read())
    signatures = saved_model.meta_graphs[0].signature_def
    for name in METHOD_NAMES.keys() & signatures.keys():
        signatures[name].method_name = METHOD_NAMES[name]
    inputs = signatures["columns"].inputs
    for key, argument in arguments.items():
        if key != argument:
            inputs[key].CopyFrom(inputs.pop(argument))
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(saved_model.SerializeToString())


def _write_card(
    folder: str,
    graph: TransformGraph,
    head: Head,
    config: RunConfig,
    naive: NaiveErrors,
) -> None:
    metadata = graph.metadata
    has_classes = not graph.task.writes  # its tokens are too many to list
    card = {
        "format": FORMAT,
        "pipeline": config.pipeline,
        "task": metadata.task,
        "label": metadata.label,
        "size": metadata.size,
        "classes": metadata.classes if has_classes else (),
        "class_values": metadata.class_values if has_classes else (),
        "features": {key: dtype.name for key, dtype in graph.columns.items()},
        "inputs": [feature.name for feature in graph.features],
        "target": target_form(head),
        "naive_error": naive.overall,
        "series": naive.series,
        "naive_errors": naive.of_series,
        "model": config.model.name,
        "intervals": None if config.intervals is None else config.intervals.level,
        "training_fingerprint": config.training_fingerprint,
    }
    path = os.path.join(folder, CARD)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "w") as file:
        json.dump(card, file, indent=1, ensure_ascii=False)
