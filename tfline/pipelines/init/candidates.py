"""The models that `tfline init` knows for each sort of data; the first that fits is the default."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Literal

from tfline.components.trainer.models import OWN_TRAINED
from tfline.pipelines.init.columns import Sample
from tfline.pipelines.init.features import (
    linear_features,
    network_features,
    no_features,
    picture_features,
    series_features,
    tf_idf_features,
    token_features,
    tree_features,
)
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.label import Task

Sort = Literal["table", "text", "image", "series", "translation", "prose"]
"""The sort of data that a model reads, and so the sort of model."""

Features = Callable[[Sample, Mapping[str, Kind]], dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A model with its settings.

    Attributes:
        model: What `model` of the spec says.
        features: Makes `features` of the spec.
        train: Settings of `train` that this model wants, beside the usual ones.
        needs: Kinds of columns of which there has to be one; empty: any will do.
        tasks: The tasks that it is for; empty: all.
        most_classes: More classes take it too long; None: any number.
    """

    model: str | Mapping[str, Any]
    features: Features
    train: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    needs: frozenset[Kind] = frozenset()
    tasks: frozenset[Task] = frozenset()
    most_classes: int | None = None

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model if isinstance(self.model, str) else next(iter(self.model))

    @property
    def trains_itself(self) -> bool:
        """Whether it is trained otherwise than by gradient descent, and has no such settings."""
        return self.name in OWN_TRAINED

    @property
    def title(self) -> str:
        """The model with its arguments, on one line."""
        if isinstance(self.model, str):
            return self.model
        [(name, arguments)] = self.model.items()
        given = ", ".join(f"{key}={value}" for key, value in arguments.items())
        return f"{name}({given})"


_OF_TREES: frozenset[Task] = frozenset({"binary", "multiclass", "regression"})
_WARM_UP = {"cosine": {"warmup": 0.5}}
_WIDE = {"hidden_units": [256, 256], "dropout": 0.2}
_OF_TABLES = {"optimizer": "adamw", "schedule": "cosine"}

CANDIDATES: Mapping[Sort, tuple[Candidate, ...]] = {
    "table": (
        Candidate("boosted_trees", tree_features, tasks=_OF_TREES, most_classes=30),
        Candidate(
            {"wide_deep": _WIDE}, network_features, _OF_TABLES, frozenset({"code", "category"})
        ),
        Candidate({"mlp": _WIDE}, network_features, _OF_TABLES),
        Candidate("random_forest", tree_features, tasks=_OF_TREES, most_classes=200),
        Candidate({"linear": {"l2": 0.0001}}, linear_features),
        Candidate({"mlp": {"hidden_units": [128, 64]}}, network_features, _OF_TABLES),
        Candidate({"residual_mlp": {"units": 128, "dropout": 0.2}}, network_features, _OF_TABLES),
        Candidate("tabular_transformer", network_features, _OF_TABLES),
    ),
    "text": (
        Candidate({"linear": {"l2": 0.00001}}, tf_idf_features),
        Candidate({"mlp": {"hidden_units": [64], "dropout": 0.5}}, tf_idf_features),
        Candidate("text_gru", token_features),
        Candidate("text_transformer", token_features),
    ),
    "image": (
        Candidate({"cnn": {"filters": [32, 64], "kernel_size": 3}}, picture_features),
        Candidate("cnn", picture_features),
        Candidate(
            {
                "cnn": {
                    "filters": [32, 64, 128],
                    "kernel_size": 3,
                    "padding": "same",
                    "dropout": 0.3,
                }
            },
            picture_features,
        ),
        Candidate("deep_cnn", picture_features),
    ),
    "series": (
        Candidate({"linear": {"l2": 0.0001}}, series_features),
        Candidate({"gru": {"units": [32]}}, series_features, {"learning_rate": 0.003}),
        Candidate("mlp", series_features),
        Candidate({"conv_gru": {"units": [32]}}, series_features, {"learning_rate": 0.003}),
        Candidate({"lstm": {"units": [32]}}, series_features, {"learning_rate": 0.003}),
        Candidate("wavenet", series_features),
    ),
    "translation": (Candidate("translator", token_features, {"schedule": _WARM_UP}),),
    "prose": (Candidate({"char_rnn": {"units": 128}}, no_features, {"learning_rate": 0.003}),),
}
"""The candidates by the sort of data. A new model is one line here."""


def fitting(sort: Sort, kept: Mapping[str, Kind], task: Task, classes: int = 2) -> list[Candidate]:
    """Returns the candidates that can be trained on some data, the default first.

    Args:
        sort: The sort of data.
        kept: The columns that are features, and what they are.
        task: What is asked of the label.
        classes: How many different labels there are.
    """
    kinds = frozenset(kept.values())
    return [
        candidate
        for candidate in CANDIDATES[sort]
        if (not candidate.needs or candidate.needs & kinds)
        and (not candidate.tasks or task in candidate.tasks)
        and (candidate.most_classes is None or task != "multiclass"
             or classes <= candidate.most_classes)
    ]  # fmt: skip
