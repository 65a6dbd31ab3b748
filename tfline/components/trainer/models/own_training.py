"""Models that are trained in a way of their own, not by gradient descent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

import keras

if TYPE_CHECKING:
    from tfline.components.trainer.config import TrainConfig
    from tfline.components.trainer.explain.explainer import Explainer
    from tfline.components.trainer.transform_graph import Batch

History = dict[str, list[float]]
"""Name of a metric to its value after each round; or to one value, that of the trained model."""


@dataclasses.dataclass(frozen=True)
class Training:
    """What is told of a training that is over.

    Attributes:
        history: The metrics; ``val_`` begins the names of those on the eval split.
        round: What a value of the history comes after: an epoch, a tree, a whole forest or
            a solution.
        size: How large the model is, in words; empty: as its parameters say.
        resumed: After what an interrupted training went on, in words; empty: it was not.
        settings: The settings of `train` that it has; None: all of them.
        importances: How much each feature has told, by the name of the measure; none: not known.
    """

    history: History
    round: str = "epoch"
    size: str = ""
    resumed: str = ""
    settings: frozenset[str] | None = None
    importances: Mapping[str, Mapping[str, float]] = dataclasses.field(default_factory=dict)


class OwnTraining(keras.Model):
    """A model that knows itself how it is trained.

    It is built and compiled as any other, and exported, evaluated and served as any other: only
    `learn` takes the place of `fit`.

    Attributes:
        explains_itself: Whether `explainer` takes its answers apart; else its gradients do.
    """

    explains_itself: ClassVar[bool] = False

    def learn(
        self,
        train: Iterable[Batch],
        evaluation: Iterable[Batch],
        config: TrainConfig,
        state_dir: str | None,
    ) -> Training:
        """Trains the model.

        Args:
            train: Features, label and perhaps weight of the train split, [batch, ...] each; all
                of it in one pass.
            evaluation: Those of the eval split.
            config: How it is trained: its seed and its loss.
            state_dir: Where the state of an unfinished training is kept, to go on from after a
                kill; None: nowhere.

        Raises:
            ModelError: The training failed.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is trained")

    def reached(self, train: Iterable[Batch], evaluation: Iterable[Batch]) -> History:
        """Returns the loss and each metric of a trained model on both splits."""
        history: History = {}
        for prefix, batches in (("", train), ("val_", evaluation)):
            measured = self.evaluate(batches, return_dict=True, verbose=0)
            history |= {f"{prefix}{name}": [float(value)] for name, value in measured.items()}
        return history

    @property
    def unexplained(self) -> str:
        """Why its answers cannot be explained; empty if they can."""
        return ""

    def explainer(self) -> Explainer:
        """Returns what takes its answers apart, once it is trained, if it `explains_itself`."""
        raise NotImplementedError(f"{type(self).__name__} does not explain itself")
