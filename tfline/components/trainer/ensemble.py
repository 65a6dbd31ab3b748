"""Several models that answer as one, by their mean (Lakshminarayanan et al. 2017)."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from tfline.components.trainer.config import ModelConfig, RunConfig, TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.explain.explainer import Explained, Explainer
from tfline.components.trainer.explain.scores import decided
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.own_training import Training
from tfline.components.trainer.training import train_model
from tfline.tasks.heads.head import ONE_OF_SEVERAL, Head

_progress = logging.getLogger("tfline.progress")


def members_of(config: RunConfig) -> list[RunConfig]:
    """Returns how each member of an ensemble is trained: each model with each seed."""
    ensemble = config.ensemble
    models: Sequence[ModelConfig] = (config.model, *(ensemble.models if ensemble else ()))
    seeds = ensemble.seeds if ensemble else 1
    found = []
    for seed in range(config.train.seed, config.train.seed + seeds):
        train = config.train.model_copy(update={"seed": seed})
        found += [
            config.model_copy(update={"model": model, "train": train, "ensemble": None})
            for model in models
        ]
    return found


class Ensemble(keras.Model):
    """The mean of models, [batch, ...]: of probabilities, or of numbers as they are learnt.

    Args:
        members: Models from the same features to outputs of the same shape.
        features: Those features.

    Attributes:
        members: The same.
    """

    def __init__(self, members: Sequence[keras.Model], features: Sequence[TensorFeature]) -> None:
        inputs = build_inputs(features)
        for place, member in enumerate(members):
            member.name = f"{member.name}_{place}"  # several may be of one kind
        outputs = [member(inputs) for member in members]
        super().__init__(inputs, keras.layers.Average(dtype="float32")(outputs), name="ensemble")
        self.members = list(members)


def train_members(
    model: Ensemble,
    head: Head,
    data: TrainingData,
    configs: Sequence[TrainConfig],
    log_dir: str | None,
    state_dir: str | None,
) -> Training:
    """Trains the members one after the other; a kill loses what the one under way has not saved.

    Args:
        model: Compiled, as its members are.
        head: What they predict.
        data: What all of them are trained on.
        configs: How each of them is trained.
        log_dir: For the logs of TensorBoard; None: none are written.
        state_dir: Where the states of their trainings are kept; None: nowhere.

    Returns:
        What the ensemble reached.
    """
    resumed = ""
    for place, (member, config) in enumerate(zip(model.members, configs, strict=True)):
        _progress.info("model %d of %d: %s", place + 1, len(model.members), member.name)
        keras.utils.set_random_seed(config.seed + 1)
        folder = None if state_dir is None else os.path.join(state_dir, f"member-{place}")
        logs = None if log_dir is None else os.path.join(log_dir, f"member-{place}")
        training = train_model(member, head, data, config, logs, folder)
        resumed = training.resumed and f"{training.resumed} of model {place + 1}"
    history: dict[str, list[float]] = {}
    for prefix, batches in (("", data.plain), ("val_", data.evaluation)):
        reached = model.evaluate(batches, return_dict=True, verbose=0)
        history |= {f"{prefix}{name}": [float(value)] for name, value in reached.items()}
    size = f"{len(model.members)} models, {model.count_params():,} parameters"
    return Training(history, "ensemble", size, resumed)


class MeanExplainer(Explainer):
    """Explains an ensemble by the mean of what explains its members.

    The score is the mean of theirs: of numbers that is the answer, of classes the mean of their
    log-odds, which is not the log-odds of the mean of their probabilities.

    Args:
        model: The ensemble.
        members: What explains its members, all in the same unit.
        head: What they predict.
    """

    def __init__(self, model: Ensemble, members: Sequence[Explainer], head: Head) -> None:
        self._model = model
        self._members = members
        self._head = head
        unit = members[0].unit
        self.unit = f"mean {unit} of the models" if head.classes else unit
        self.numbers = members[0].numbers

    @property
    def size(self) -> int:
        """See `Explainer.size`."""
        return sum(member.size for member in self._members)

    def explain(
        self, features: Mapping[str, tf.Tensor], chosen: tf.Tensor | None = None
    ) -> Explained:
        """See `Explainer.explain`; all members explain the class that the ensemble answers."""
        if chosen is None and self._head.task in ONE_OF_SEVERAL:
            chosen = decided(self._model({**features}, training=False))
        found = [member.explain(features, chosen) for member in self._members]
        names = dict.fromkeys(name for each in found for name in each.contributions)
        zeros = tf.zeros_like(found[0].score)
        share = 1 / len(found)
        return Explained(
            {
                name: share * tf.add_n([each.contributions.get(name, zeros) for each in found])
                for name in names
            },
            share * tf.add_n([each.baseline for each in found]),
            share * tf.add_n([each.score for each in found]),
        )
