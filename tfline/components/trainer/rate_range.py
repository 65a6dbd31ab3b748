"""The range test of learning rates: one short training in which the rate grows (Smith 2017).

The loss first stays, then falls, then climbs. A good rate is a tenth of that at which it is
lowest: there it still falls fast, and is far from where the training diverges.
"""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Sequence

import keras
import numpy as np

from tfline.components.trainer.callbacks import Logs
from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.devices import repeatable
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.models import OWN_TRAINED
from tfline.components.trainer.run_fn import prepare_model
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.transforms.errors import ModelError, SpecError

LOWEST, HIGHEST = 1e-6, 10.0
"""The first and the last rate that is tried."""

_SMOOTHING = 0.9
"""How much of the mean of the losses so far stays at each step."""

_DIVERGED = 4.0
"""The test ends when the loss is so many times the lowest."""


@dataclasses.dataclass(frozen=True)
class RateRange:
    """What the range test has found.

    Attributes:
        rates: The learning rate of each step.
        losses: The smoothed loss before it.
        suggestion: The learning rate to begin with.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float


def find_rate(
    config: RunConfig, transform_graph: str, files: Sequence[str], steps: int
) -> RateRange:
    """Trains for some steps while the learning rate grows exponentially.

    Args:
        config: Which model, and how it is trained; its own rate and schedule do not count.
        transform_graph: A TransformGraph artifact.
        files: Patterns of the files of the train split.
        steps: How many steps the test has at most.

    Raises:
        SpecError: The model has no learning rate.
        ModelError: The loss is not a number from the first step on.
    """
    if config.model.name in OWN_TRAINED:
        raise SpecError(
            f"{config.model.name} is not trained by gradient descent: it has no learning rate",
            "model",
        )
    update = {"learning_rate": LOWEST, "schedule": None, "steps": None, "epochs": 1}
    config = config.model_copy(update={"train": config.train.model_copy(update=update)})
    graph = TransformGraph(transform_graph)
    with repeatable(config.train.deterministic), tempfile.TemporaryDirectory() as scratch:
        keras.utils.set_random_seed(config.train.seed + 1)
        data = load_data(files, files, graph, config.train, scratch)
        head = with_link(graph.head, config.train.loss)
        model = prepare_model(config, graph, head, data)
        model.steps_per_execution = 1  # the rate changes between two steps
        growing = GrowingRate(steps * config.train.accumulate)
        batches = data.train.repeat()
        model.fit(
            batches,
            steps_per_epoch=growing.steps,
            callbacks=[growing],
            shuffle=False,  # the dataset is shuffled
            verbose=0,
        )
    return suggest(growing.rates, growing.losses)


def suggest(rates: Sequence[float], losses: Sequence[float]) -> RateRange:
    """Smooths the losses and finds the rate.

    Args:
        rates: The learning rate of each step.
        losses: The loss of the batch before the weights change.

    Raises:
        ModelError: There is no loss to judge by.
    """
    if not losses:
        raise ModelError(
            "The loss is not a number from the first step on",
            hint="See whether a feature is infinite or not a number after its transform.",
        )
    smoothed = smooth(losses)
    lowest = int(np.argmin(smoothed))
    return RateRange(tuple(rates[: len(losses)]), tuple(smoothed), rates[lowest] / 10)


def smooth(losses: Sequence[float]) -> list[float]:
    """Returns the moving averages of losses, without the pull of the zero that they begin at."""
    mean, smoothed = 0.0, []
    for step, loss in enumerate(losses, start=1):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        smoothed.append(mean / (1 - _SMOOTHING**step))
    return smoothed


class GrowingRate(keras.callbacks.Callback):
    """Lets the learning rate grow by the same factor at each step, until the loss climbs.

    Args:
        steps: How many steps there are at most.

    Attributes:
        rates: The learning rate of each step.
        losses: The loss of each step.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.rates: list[float] = []
        self.losses: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Sets the rate of the step, and lets the loss begin anew: Keras shows its mean."""
        done = batch / max(1, self.steps - 1)
        rate = LOWEST * (HIGHEST / LOWEST) ** done
        self.model.optimizer.learning_rate = rate
        self.model.reset_metrics()
        self.rates.append(rate)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Notes the loss; ends the test if it is far above the lowest."""
        loss = (logs or {})["loss"]
        if not math.isfinite(loss):
            self.model.stop_training = True
            return
        self.losses.append(loss)
        smoothed = smooth(self.losses)
        if smoothed[-1] > _DIVERGED * min(smoothed):
            self.model.stop_training = True
