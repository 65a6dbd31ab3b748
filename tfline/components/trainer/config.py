"""How a model is trained: the settings of a spec, and all that `run_fn` is given.

Imports no TensorFlow: a spec is checked in milliseconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import BeforeValidator, Field

from tfline.components.trainer.conformal.config import IntervalsConfig
from tfline.components.trainer.intervals import Checkpoints
from tfline.components.trainer.losses import AnyLoss
from tfline.components.trainer.named import OwnCode, own_paths, read_own
from tfline.components.trainer.optimizers import Adam, AnyOptimizer, Sgd
from tfline.components.trainer.schedules import AnySchedule, OneCycle, OwnSchedule
from tfline.components.trainer.start import LayersOfPushed
from tfline.metrics.direction import Goal, goal_of
from tfline.transforms.features import FrozenModel

Own = Annotated[OwnCode, BeforeValidator(read_own, json_schema_input_type=str | dict[str, Any])]
"""The user's own code in a spec: a dotted path, or `{path: {arguments}}`."""

PositiveWeight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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
    accumulate: int = Field(
        default=1, ge=1, description="Steps whose gradients together make one update."
    )
    loss: AnyLoss | None = Field(default=None, description="Default: that of the label's task.")
    class_weights: (
        Literal["balanced"] | Annotated[dict[str, PositiveWeight], Field(min_length=1)] | None
    ) = Field(
        default=None,
        description="By class, how much its examples count in training; `balanced`: classes "
        "together count the same. A class that is not named: 1.",
    )
    weight: str | None = Field(
        default=None, description="A raw feature: how much each example counts."
    )
    metrics: tuple[Own, ...] = Field(
        default=(), strict=False, description="Dotted paths of one's own metrics, shown beside."
    )
    optimizer: AnyOptimizer = Field(
        default_factory=Adam, description="A name, or `{name: {arguments}}`."
    )
    learning_rate: float | None = Field(
        default=None, gt=0, description="Default: the optimizer's own in Keras."
    )
    schedule: AnySchedule | None = Field(
        default=None,
        description="How the learning rate changes; a name, or `{name: {arguments}}`, or the "
        "dotted path of one's own: a function of epoch and epochs, or a schedule of Keras.",
    )
    seed: int = Field(
        default=42, ge=0, lt=2**31, description="Of the weights, the dropout and the shuffling."
    )
    deterministic: bool = Field(
        default=False,
        description="Use only operations whose result is the same each time, on GPUs too; slower.",
    )
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = Field(
        default="float32", description="What layers compute in; weights are float32."
    )
    warm_start: LayersOfPushed | bool = Field(
        default=False,
        description="Begin with the weights of the newest pushed model; or with the lower layers "
        "of one, frozen at first.",
        examples=[True],
    )
    early_stopping: int = Field(
        default=0,
        ge=0,
        description="Stop after so many epochs in which `monitor` was no better, and keep the best "
        "weights; 0: never.",
    )
    monitor: str = Field(
        default="val_loss", description="What early stopping looks at, of the history: `val_auc`."
    )
    monitor_goal: Goal | None = Field(
        default=None,
        description="Whether `monitor` is to be small or large. Default: what the metric's nature "
        "is; one of your own needs it.",
    )
    min_delta: float = Field(
        default=0.0, ge=0, description="How much better `monitor` has to be to count as better."
    )
    callbacks: tuple[Own, ...] = Field(
        default=(), strict=False, description="Dotted paths of one's own Keras callbacks."
    )
    shuffle_buffer: int = Field(
        default=100_000,
        ge=1,
        description="Records to shuffle among while streaming; memory bounds it further. Data "
        "cached in memory is shuffled as a whole.",
    )
    cache: Literal["auto", "memory", "file", "none"] = Field(
        default="auto",
        description="Keep transformed examples between epochs: in memory if they are small, "
        "always in memory, in a file, or never.",
    )
    interleave: int = Field(
        default=64,
        ge=1,
        description="Places of the files that are read in turn while streaming, so that records "
        "mix that are far apart: the files may be few and sorted.",
    )
    parallel_reads: int = Field(
        default=1, ge=1, description="Threads that read; more pay on slow or remote disks."
    )
    prefetch: int | None = Field(
        default=None, ge=0, description="Batches made ready ahead; default: found while running."
    )
    drop_remainder: bool = Field(
        default=False, description="Leave out the last batch of an epoch if it is not full."
    )
    order: Literal["shuffled", "consecutive"] = Field(
        default="shuffled",
        description="Examples are shuffled anew in each epoch; or each row of a batch goes on "
        "where that of the batch before ended, in the order of the records: for a stateful model.",
    )
    tensorboard: bool = Field(
        default=True, description="Write logs for TensorBoard, beside the model's report."
    )
    checkpoints: Checkpoints = Field(
        default=True,
        description="Save the state after each epoch, and within one every ten minutes or as often "
        "as is said: `500 steps`, `2 minutes`. A killed run goes on there, with the same batches.",
        examples=["500 steps", "2 minutes"],
    )

    monte_carlo: int = Field(
        default=0,
        ge=0,
        description="Samples of the serving signature `monte_carlo`: mean and standard deviation "
        "of predictions under dropout; 0: no such signature.",
    )

    @pydantic.model_validator(mode="after")
    def _check_cycled_momentum(self) -> Self:
        least = self.schedule.momentum if isinstance(self.schedule, OneCycle) else None
        most = self.optimizer.momentum if isinstance(self.optimizer, Sgd) else 0.0
        if least is not None and least >= most:
            raise ValueError(
                f"The momentum of 1cycle is below that of sgd, from which it falls. Received: "
                f"{least:g}, and the optimizer {self.optimizer.name} with {most:g}; write for "
                "instance `optimizer: {sgd: {momentum: 0.95}}`"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _check_own_schedule(self) -> Self:
        own = isinstance(self.schedule, OwnSchedule) and self.schedule.is_class
        if own and self.learning_rate is not None:
            raise ValueError(
                "A schedule of Keras gives the learning rate itself. Take `learning_rate` out, and "
                "give the schedule its arguments"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _check_stopping(self) -> Self:
        if self.goal is None:
            raise ValueError(
                f"Whether `{self.monitor}` is to be small or large is not known. Add "
                "`monitor_goal: min` or `monitor_goal: max`"
            )
        if self.early_stopping and getattr(self.optimizer, "ema", None):
            raise ValueError(
                "Early stopping keeps the weights of an epoch, `ema` an average of many. Take one "
                "of both out"
            )
        return self

    @property
    def goal(self) -> Goal | None:
        """Whether `monitor` is to be small or large."""
        return self.monitor_goal or goal_of(self.monitor)

    @property
    def begins_with_own(self) -> bool:
        """Whether the training begins with the newest model that the spec itself has pushed."""
        start = self.warm_start
        return start.model is None if isinstance(start, LayersOfPushed) else start

    @property
    def is_full(self) -> bool:
        """Whether all batches have the same size."""
        return self.drop_remainder or self.order == "consecutive"

    @property
    def peak_rate(self) -> float:
        """The learning rate that a schedule changes."""
        return self.learning_rate or self.optimizer.default_rate

    @property
    def own_code(self) -> tuple[str, ...]:
        """The dotted paths of the user's own code."""
        own = (self.loss, self.optimizer, self.schedule, *self.metrics, *self.callbacks)
        return tuple(own_paths(own))


class ModelConfig(FrozenModel):
    """Which model is trained.

    Attributes:
        name: A name of `tfline.components.trainer.models.MODELS`, or the dotted path of a builder.
        arguments: Keyword arguments of the builder; only those that were given.
    """

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class EnsembleConfig(FrozenModel):
    """Several models that answer as one."""

    seeds: int = Field(default=1, ge=1, le=100, description="How often each model is trained.")
    models: tuple[ModelConfig, ...] = Field(
        default=(), strict=False, description="Further models, beside `model`."
    )


class RunConfig(FrozenModel):
    """The `custom_config` of TFX's Trainer.

    Attributes:
        pipeline: The name of the pipeline.
        model: Which model is trained.
        train: How it is trained.
        explain: Whether answers are explained; None: where it can be done, of tables.
        intervals: What is told beside each answer; None: nothing.
        top_k: How many of the most probable classes are told beside each answer; None: none.
        ensemble: What is trained beside the model, to answer with it; None: nothing.
        training_fingerprint: Names what the result depends on; written into the export.
        train_state_dir: Where to checkpoint, and to resume from; one folder a fingerprint. None:
            a killed run starts anew.
    """

    pipeline: str
    model: ModelConfig
    train: TrainConfig = Field(default_factory=TrainConfig)
    explain: bool | None = None
    top_k: int | None = None
    ensemble: EnsembleConfig | None = None
    intervals: IntervalsConfig | None = None
    training_fingerprint: str
    train_state_dir: str | None = None
