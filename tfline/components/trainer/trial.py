"""One trial of the Tuner: the Trainer's own code with some settings changed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.devices import repeatable
from tfline.components.trainer.hyperparameters import with_values
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.run_fn import prepare_model
from tfline.components.trainer.training import train_model
from tfline.components.trainer.transform_graph import TransformGraph


def train_trial(
    run_config: Mapping[str, Any],
    transform_graph: str,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    values: Mapping[str, Any],
    epochs: int,
    state_dir: str,
) -> dict[str, list[float]]:
    """Trains a model up to some epoch, from the state of an earlier training if there is one.

    Args:
        run_config: A dumped `RunConfig`.
        transform_graph: A TransformGraph artifact.
        train_files: Patterns of the files of the train split.
        eval_files: Patterns of the files of the eval split.
        values: The settings of the trial; see `with_values`.
        epochs: How many there are when it ends.
        state_dir: Where the state is read from, and saved after each epoch.

    Returns:
        The history: name of a metric to its value in each epoch.

    Raises:
        SpecError: The values do not fit the model.
        ModelError: The training diverged.
    """
    config = with_values(RunConfig.model_validate(run_config), values)
    update = {"epochs": epochs, "steps": None, "tensorboard": False}
    config = config.model_copy(update={"train": config.train.model_copy(update=update)})
    graph = TransformGraph(transform_graph)
    with repeatable(config.train.deterministic), tempfile.TemporaryDirectory() as scratch:
        keras.utils.set_random_seed(config.train.seed + 1)
        data = load_data(train_files, eval_files, graph, config.train, scratch)
        head = with_link(graph.head, config.train.loss)
        model = prepare_model(config, graph, head, data)
        return train_model(model, head, data, config.train, state_dir=state_dir).history
