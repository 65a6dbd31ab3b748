"""How a model is trained: the settings of a spec, and all that `run_fn` is given.

Imports no TensorFlow: a spec is checked in milliseconds.
"""

from __future__ import annotations

from typing import Any, Literal

import pydantic
from pydantic import Field

from transforms.features import FrozenModel

OptimizerName = Literal["adagrad", "adam", "adamax", "adamw", "nadam", "rmsprop", "sgd"]


class OptimizerConfig(FrozenModel):
    """A Keras optimizer with its arguments.

    Attributes:
        name: Which optimizer.
        args: Keyword arguments of its Keras class, without the learning rate.
    """

    name: OptimizerName = "adam"
    args: dict[str, Any] = Field(default_factory=dict)


class TrainConfig(FrozenModel):
    """How a model is trained.

    A batch of 128 keeps two CPU cores busy (smaller batches spend their time between the steps)
    and is small enough to need no warm-up of the learning rate.
    """

    epochs: int = Field(default=10, ge=1, description="Passes over the train split.")
    steps: int | None = Field(
        default=None,
        ge=1,
        description="The exact number of training steps; overrides `epochs`.",
    )
    batch_size: int = Field(default=128, ge=1, description="Examples a step.")
    optimizer: OptimizerConfig = Field(
        default_factory=OptimizerConfig, description="A name, or `{name, args}`."
    )
    learning_rate: float | None = Field(
        default=None, gt=0, description="Default: the optimizer's own in Keras."
    )
    seed: int = Field(
        default=42, ge=0, lt=2**31, description="Of the weights, the dropout and the shuffling."
    )
    early_stopping: int = Field(
        default=0,
        ge=0,
        description="Stop after so many epochs without a lower val_loss, and keep the best "
        "weights; 0: never.",
    )
    shuffle_buffer: int = Field(
        default=100_000,
        ge=1,
        description="Records to shuffle among while streaming; memory bounds it further. Data "
        "cached in memory is shuffled as a whole.",
    )
    cache: Literal["auto", "memory", "none"] = Field(
        default="auto",
        description="Keep transformed examples in memory between epochs: if they are small, "
        "always, or never.",
    )
    tensorboard: bool = Field(
        default=True, description="Write logs for TensorBoard, beside the model's report."
    )
    checkpoints: bool = Field(
        default=True, description="Save the state after each epoch, to resume a killed run."
    )

    monte_carlo: int = Field(
        default=0,
        ge=0,
        description="Samples of the serving signature `monte_carlo`: mean and standard deviation "
        "of predictions under dropout; 0: no such signature.",
    )

    @pydantic.field_validator("optimizer", mode="before")
    @classmethod
    def _read_short_form(cls, value: object) -> object:
        """Reads ``adam`` as ``{name: adam}``."""
        return {"name": value} if isinstance(value, str) else value


class ModelConfig(FrozenModel):
    """Which model is trained.

    Attributes:
        name: A name of `components.trainer.models.MODELS`, or the dotted path of a builder.
        arguments: Keyword arguments of the builder; only those that were given.
    """

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class RunConfig(FrozenModel):
    """The `custom_config` of TFX's Trainer.

    Attributes:
        pipeline: The name of the pipeline.
        model: Which model is trained.
        train: How it is trained.
        training_fingerprint: Names what the result depends on; written into the export.
        train_state_dir: Where to checkpoint, and to resume from; one folder a fingerprint. None:
            a killed run starts anew.
    """

    pipeline: str
    model: ModelConfig
    train: TrainConfig = Field(default_factory=TrainConfig)
    training_fingerprint: str
    train_state_dir: str | None = None
