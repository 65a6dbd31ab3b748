"""Which models are explained, and by what."""

from __future__ import annotations

from collections.abc import Iterable

import keras

from tfline.components.trainer.ensemble import Ensemble, MeanExplainer
from tfline.components.trainer.explain.entries import Network, UncutError
from tfline.components.trainer.explain.explainer import Explainer
from tfline.components.trainer.explain.integrated_gradients import IntegratedGradients
from tfline.components.trainer.explain.scores import find_score
from tfline.components.trainer.models.own_training import OwnTraining
from tfline.components.trainer.transform_graph import Batch, TransformGraph
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError

MOST_NUMBERS = 32
"""Answers of more numbers are not explained: each takes passes of its own."""

LARGE = 8_000_000
"""Numbers that an explainer may add to a model, unless it is asked for."""


def is_explained(asked: bool | None, model: keras.Model, graph: TransformGraph, head: Head) -> bool:
    """Tells, before the training, whether the answers of a model are explained.

    Args:
        asked: Whether the spec asks for it; None: where it can be done, of tables.
        model: Not trained yet.
        graph: Its features.
        head: What it predicts.

    Raises:
        ModelError: It is asked for, and cannot be done.
    """
    if asked is False:
        return False
    obstacle = _obstacle(model, graph, head)
    if obstacle and asked:
        raise ModelError(
            f"The answers of '{model.name}' cannot be explained: {obstacle}",
            where="explain",
            hint="Take `explain` out, or choose another model.",
        )
    if obstacle or asked:
        return not obstacle
    keys = {key for feature in graph.metadata.features for key in feature.keys}
    return len(keys) > 1 and all(len(feature.shape) < 2 for feature in graph.features)


def make_explainer(
    asked: bool | None,
    model: keras.Model,
    graph: TransformGraph,
    head: Head,
    train: Iterable[Batch],
) -> Explainer | None:
    """Returns what explains a trained model for which `is_explained` holds.

    Args:
        asked: Whether the spec asks for it.
        model: Trained.
        graph: Its features.
        head: What it predicts.
        train: Features, label and perhaps weight of the train split, [batch, ...] each.

    Returns:
        None if it is larger than it is worth, and not asked for.
    """
    if isinstance(model, Ensemble):
        return _of_members(asked, model, graph, head, train)
    if isinstance(model, OwnTraining) and model.explains_itself:
        explainer = model.explainer()
        return explainer if asked or explainer.size <= LARGE else None
    score = find_score(head)
    if score is None:
        raise ModelError(f"The answers of '{model.name}' have no score", where="explain")
    features = (batch[0] for batch in train)
    return IntegratedGradients(model, graph.features, head, score, features)


def _of_members(
    asked: bool | None,
    model: Ensemble,
    graph: TransformGraph,
    head: Head,
    train: Iterable[Batch],
) -> Explainer | None:
    found = [make_explainer(True, member, graph, head, train) for member in model.members]
    members = [member for member in found if member is not None]
    units = sorted({member.unit for member in members})
    if len(units) > 1:
        if not asked:
            return None
        raise ModelError(
            f"Models whose scores are of other units are not explained together: {units}",
            where="explain",
            hint="Take `explain` out, or `random_forest`, whose scores are probabilities.",
        )
    explainer = MeanExplainer(model, members, head)
    return explainer if asked or explainer.size <= LARGE else None


def _obstacle(model: keras.Model, graph: TransformGraph, head: Head) -> str:
    """Returns why the answers of a model cannot be explained; empty if they can."""
    score = find_score(head)
    if score is None or head.teacher is not None:
        return f"the answers to a {graph.task.name} label have no scores"
    if score.numbers > MOST_NUMBERS:
        return f"an answer has {score.numbers} numbers, and at most {MOST_NUMBERS} are explained"
    if isinstance(model, Ensemble):
        found = (_obstacle(member, graph, head) for member in model.members)
        return next(filter(None, found), "")
    if isinstance(model, OwnTraining) and model.explains_itself:
        return model.unexplained
    for feature in graph.features:
        kind = "text" if feature.is_text or feature.kind == "string" else feature.kind
        if kind in ("text", "image"):
            return f"one {kind} as a whole has no parts to tell, as that of '{feature.name}'"
    try:
        Network(model, graph.features, head)
    except UncutError as exc:
        return str(exc)
    return ""
