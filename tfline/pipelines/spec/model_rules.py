"""What a model asks of the label, the features and the training of its spec."""

from __future__ import annotations

from collections.abc import Sequence

from tfline.components.trainer.config import EnsembleConfig, ModelConfig, TrainConfig
from tfline.components.trainer.models import MODELS, OWN_TRAINED, REPEATING, TREES, WRITERS
from tfline.components.trainer.models.linear.check import check_linear
from tfline.components.trainer.models.repeating.check import check_repeating
from tfline.components.trainer.models.transformer.arguments import check_heads
from tfline.components.trainer.models.trees.check import check_trees
from tfline.components.tuner.config import TuneConfig
from tfline.pipelines.spec.feature_forms import FormError
from tfline.tasks.table import known_task
from tfline.transforms.arguments import arguments_model
from tfline.transforms.errors import ModelError, SpecError
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.table import is_gapped, is_known_ahead

_TEXTS = frozenset({"text_vectorization", "token_ids"})
"""The transforms that end in a text; a text's `embedding` is the width of its tokens."""


def check_model(
    label: LabelSpec,
    features: Sequence[FeatureSpec],
    model: ModelConfig,
    train: TrainConfig,
    tune: TuneConfig | None,
) -> None:
    """Sees that a model fits the label, the features and the training.

    Args:
        label: What is predicted.
        features: What it is predicted from.
        model: The model.
        train: How it is trained.
        tune: What is searched before it is trained, if anything is.

    Raises:
        FormError: It does not fit.
    """
    _check_fits_label(label, model, train)
    _check_heads_share_units(model, features)
    _check_keeps_no_gaps(model, features)
    _check_known_future(label, features)
    if model.name in OWN_TRAINED:
        _check_own_training(label, features, model, train, tune)


def check_ensemble(
    label: LabelSpec, features: Sequence[FeatureSpec], ensemble: EnsembleConfig, train: TrainConfig
) -> None:
    """Sees that each model of an ensemble fits as if it were alone.

    Args:
        label: What is predicted.
        features: What it is predicted from.
        ensemble: The models.
        train: How they are trained.

    Raises:
        FormError: One does not fit.
    """
    writes = _writes(label)
    if writes or train.warm_start:
        reason = "writes texts" if writes else "begins with a pushed one (`warm_start`)"
        raise FormError(f"A model that {reason} has no ensemble", ("ensemble",), "Take it out.")
    for model in ensemble.models:
        own = train
        if model.name in OWN_TRAINED:  # what is said of epochs is said of the others
            kept = {key: getattr(train, key) for key in ("loss", "weight")}
            own = TrainConfig(**{key: value for key, value in kept.items() if value is not None})
        check_model(label, features, model, own, None)


def _writes(label: LabelSpec) -> bool:
    task = known_task(label)
    return task is not None and task.writes


def _check_fits_label(label: LabelSpec, model: ModelConfig, train: TrainConfig) -> None:
    is_text, name = _writes(label), model.name
    if name in MODELS and is_text != (name in WRITERS):
        named = ", ".join(sorted(WRITERS))
        does = "writes no texts" if is_text else "writes texts, and the label is none"
        raise FormError(
            f"The model '{name}' {does}", ("model",),
            f"Choose one that does: {named}." if is_text
            else "Add `task: text` to the label, or choose another model.",
        )  # fmt: skip
    stateful = model.arguments.get("stateful") if name == "char_rnn" else None
    if stateful and (stateful, "consecutive") != (train.batch_size, train.order):
        raise FormError(
            "A stateful model needs batches that follow on from each other", ("model",),
            f"Write `train: {{batch_size: {stateful}, order: consecutive}}`.",
        )  # fmt: skip
    if is_text and train.monte_carlo:
        raise FormError("A text has no mean", ("train", "monte_carlo"), "Take it out.")


def _check_heads_share_units(model: ModelConfig, features: Sequence[FeatureSpec]) -> None:
    name = model.name
    if name not in MODELS:
        return
    arguments = vars(arguments_model(MODELS[name])(**model.arguments))
    widths = {arguments["units"]} if "heads" in arguments else set()
    if name == "text_transformer":  # a token is as wide as its feature says
        lasts = [feature.steps[-1] for feature in features]
        texts = [step for step in lasts if step.transform in _TEXTS]
        widths = {step.arguments.get("embedding") or arguments["units"] for step in texts}
    for width in widths:
        try:
            check_heads(width, arguments["heads"])
        except ModelError as exc:
            raise FormError(exc.message, ("model", name), exc.hint) from exc


def _check_keeps_no_gaps(model: ModelConfig, features: Sequence[FeatureSpec]) -> None:
    gapped = [feature for feature in features if is_gapped(feature)]
    if gapped and model.name in MODELS and model.name not in TREES:
        raise FormError(
            f"'{gapped[0].name}' keeps its missing values, and '{model.name}' cannot read them",
            ("features",),
            "Scale it, such as by `z_score`; or choose a model of trees: "
            f"{', '.join(sorted(TREES))}.",
        )


def _check_known_future(label: LabelSpec, features: Sequence[FeatureSpec]) -> None:
    known = [feature for feature in features if is_known_ahead(feature)]
    if known and label.steps > 1:
        raise FormError(
            f"'{known[0].name}' is known of the future of the last step alone, and the label asks "
            "for a forecast at each step", ("features",),
            "Leave out the label's `steps`, or this feature.",
        )  # fmt: skip


def _check_own_training(
    label: LabelSpec,
    features: Sequence[FeatureSpec],
    model: ModelConfig,
    train: TrainConfig,
    tune: TuneConfig | None,
) -> None:
    name, arguments = model.name, model.arguments
    tuned = tune.over if tune is not None else {}
    of_training = [key.removeprefix("train.") for key in tuned if key.startswith("train.")]
    given = {*train.model_fields_set, *of_training}
    task = known_task(label)
    try:
        if name in TREES:
            check_trees(name, arguments, train, given, features, label, task)
        elif name in REPEATING:
            check_repeating(name, given, features, label, task)
        else:
            check_linear(name, given, task)
    except SpecError as exc:
        raise FormError(exc.message, tuple(exc.where.split(".")), exc.hint) from exc
    if tune is not None and (tune.search == "hyperband" or tune.epochs):
        raise FormError(
            f"A search over {name} has no epochs", ("tune",),
            "Take `epochs` out, and search at random or by a Gaussian process (`bayesian`).",
        )  # fmt: skip
