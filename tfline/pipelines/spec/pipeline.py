"""The whole spec of a pipeline, and the rules that hold between its sections."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field

from tfline.components.evaluator.bounds import bound_faults
from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.example_validator.config import Expectation, Slicing, ValidateConfig
from tfline.components.trainer.config import EnsembleConfig, ModelConfig, RunConfig, TrainConfig
from tfline.components.trainer.conformal.config import (
    IntervalsConfig,
    as_intervals,
    check_intervals,
)
from tfline.components.trainer.hyperparameters import with_values
from tfline.components.trainer.label import check_training
from tfline.components.trainer.models.own_code import own_code
from tfline.components.trainer.top_classes import check_top
from tfline.components.tuner.config import TuneConfig
from tfline.pipelines.spec.beam import BeamSpec
from tfline.pipelines.spec.card import CardSpec
from tfline.pipelines.spec.coordinates import find_coordinates
from tfline.pipelines.spec.data import DataSpec
from tfline.pipelines.spec.expected import expectations
from tfline.pipelines.spec.feature_forms import (
    FormError,
    expand_features,
)
from tfline.pipelines.spec.kubernetes import KubernetesSpec
from tfline.pipelines.spec.label_forms import checked_label, expand_label
from tfline.pipelines.spec.metadata import MetadataSpec
from tfline.pipelines.spec.model import as_ensemble, as_model
from tfline.pipelines.spec.model_rules import check_ensemble, check_model
from tfline.pipelines.spec.push import PushSpec, as_push
from tfline.tasks.table import known_task, label_keys
from tfline.transforms.augmentation import MOVING, STILL
from tfline.transforms.errors import SpecError
from tfline.transforms.features import FeatureSpec, FrozenModel, LabelSpec


class PipelineSpec(FrozenModel):
    """A pipeline: from TFRecords to a model that answers over gRPC."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_-]*$", description="The pipeline, and the model that is served."
    )
    data: DataSpec = Field(description="Where the records are.")
    label: Annotated[
        LabelSpec,
        BeforeValidator(expand_label, json_schema_input_type=str | LabelSpec),
        AfterValidator(checked_label),
    ] = Field(description="What is to be predicted.")
    features: Annotated[
        tuple[FeatureSpec, ...],
        BeforeValidator(expand_features, json_schema_input_type=dict[str, Any]),
    ] = Field(
        default=(),
        description="What it is predicted from. Left out for a label of the task text: a model "
        "goes on with its beginning.",
    )
    materialize: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="Write transformed examples: where it is cheaper than to transform them in "
        "each epoch, always, or never.",
    )
    model: Annotated[
        ModelConfig, BeforeValidator(as_model, json_schema_input_type=str | dict[str, Any])
    ] = Field(description="The Keras model.")
    train: TrainConfig = Field(default_factory=TrainConfig, description="How it is trained.")
    ensemble: (
        Annotated[
            EnsembleConfig,
            BeforeValidator(as_ensemble, json_schema_input_type=int | list[Any] | dict[str, Any]),
        ]
        | None
    ) = Field(
        default=None,
        description="Train several models, and answer by their mean: `5` seeds of the model, a "
        "list of further models, or both.",
    )
    explain: bool | None = Field(
        default=None,
        description="Whether the model has the signature `explain`: what each raw feature has "
        "added to an answer. Default: if it can, and the features are those of a table.",
    )
    intervals: (
        Annotated[
            IntervalsConfig,
            BeforeValidator(as_intervals, json_schema_input_type=float | IntervalsConfig),
        ]
        | None
    ) = Field(
        default=None,
        description="Tell beside each answer what else is possible: an interval of a number, a set "
        "of classes, that holds the truth as often as is said: `0.9`.",
    )
    top_k: int | None = Field(
        default=None,
        ge=1,
        description="Tell beside each answer the so many most probable classes.",
        examples=[3],
    )
    tune: TuneConfig | None = Field(
        default=None, description="What the Tuner searches before the model is trained."
    )
    evaluate: EvaluateConfig = Field(
        default_factory=EvaluateConfig, description="What decides whether it may go live."
    )
    validation: ValidateConfig = Field(
        default_factory=ValidateConfig, description="What the data must satisfy."
    )
    schema_file: str | None = Field(
        default=None, description="A curated schema; left out, the schema is inferred."
    )
    push: (
        Annotated[PushSpec, BeforeValidator(as_push, json_schema_input_type=str | PushSpec)] | None
    ) = Field(default=None, description="Where a blessed model goes.")
    card: CardSpec = Field(
        default_factory=CardSpec, description="What only people can say of the model."
    )
    beam: BeamSpec = Field(
        default_factory=BeamSpec, description="Where the data steps run: Flink, Spark, Dataflow."
    )
    metadata: MetadataSpec = Field(
        default_factory=MetadataSpec, description="The database that keeps what was run."
    )
    kubernetes: KubernetesSpec = Field(
        default_factory=KubernetesSpec, description="What each step gets on a cluster."
    )

    @pydantic.model_validator(mode="after")
    def _check_features_are_given(self) -> Self:
        if not self.features and not self.writes:
            raise FormError("`features` is missing", ())
        return self

    @pydantic.model_validator(mode="after")
    def _check_model(self) -> Self:
        check_model(self.label, self.features, self.model, self.train, self.tune)
        return self

    @pydantic.model_validator(mode="after")
    def _check_ensemble(self) -> Self:
        if self.ensemble is not None:
            check_ensemble(self.label, self.features, self.ensemble, self.train)
        return self

    @pydantic.model_validator(mode="after")
    def _check_top(self) -> Self:
        if self.top_k is not None:
            try:
                check_top(self.top_k, known_task(self.label), self.label.classes)
            except SpecError as exc:
                raise FormError(exc.message, ("top_k",), exc.hint) from exc
        return self

    @pydantic.model_validator(mode="after")
    def _check_intervals(self) -> Self:
        if self.intervals is not None:
            keys = {key for feature in self.features for key in feature.keys}
            try:
                check_intervals(self.intervals, keys, known_task(self.label))
            except SpecError as exc:
                raise FormError(exc.message, tuple(exc.where.split(".")), exc.hint) from exc
        return self

    @pydantic.model_validator(mode="after")
    def _check_label_is_no_feature(self) -> Self:
        for feature in self.features:
            among = {self.label.key, *label_keys(self.label)} & {*feature.keys, feature.name}
            if among and not self._restores:
                raise FormError(
                    f"The label '{min(among)}' is among the features", ("features",),
                    "A model that sees its label learns nothing. Take it out.",
                )  # fmt: skip
        return self

    @pydantic.model_validator(mode="after")
    def _check_label_moves_along(self) -> Self:
        task = known_task(self.label)
        if task is None or task.family not in ("box", "boxes", "mask", "image"):
            return self
        for feature in self.features:
            given = feature.augment or {}
            moved = [name for name in MOVING if given.get(name, 0) not in (0, "none")]
            if moved:
                raise FormError(
                    f"`{moved[0]}` moves the pixels of '{feature.name}', and the {task.name} that "
                    "is its label stays where it is",
                    ("features", feature.name, "augment"),
                    f"Leave it out. What moves nothing is fine: {', '.join(STILL)}.",
                )
        return self

    @pydantic.model_validator(mode="after")
    def _check_training_fits(self) -> Self:
        if self.train.begins_with_own and self.push is None:
            raise FormError(
                "`warm_start` begins with the newest pushed model, and nothing is pushed",
                ("train", "warm_start"),
                "Add `push: FOLDER`.",
            )
        if self.train.weight == self.label.key:
            raise FormError("The label is no weight", ("train", "weight"))
        try:
            check_training(self.train, self.label)
        except SpecError as exc:
            raise FormError(exc.message, tuple(exc.where.split(".")), exc.hint) from exc
        return self

    @pydantic.model_validator(mode="after")
    def _check_tuned_settings(self) -> Self:
        config = RunConfig(
            pipeline=self.name, model=self.model, train=self.train, training_fingerprint=""
        )
        for values in self.tune.corners() if self.tune is not None else ():
            try:
                check_training(with_values(config, values).train, self.label)
            except SpecError as exc:
                raise FormError(exc.message, ("tune", "over", *values), exc.hint) from exc
        return self

    @pydantic.model_validator(mode="after")
    def _check_metrics_fit(self) -> Self:
        task = known_task(self.label)
        if task is not None:
            try:
                self.evaluate.check_task(task.name)
            except SpecError as exc:
                raise FormError(exc.message, ("evaluate",), exc.hint) from exc
        return self

    @property
    def evaluation(self) -> EvaluateConfig:
        """The evaluation, with weight, unit and map as they follow from the other sections."""
        split = self.data.split
        group = split.feature if split is not None and split.by == "group" else None
        weight = self.evaluate.weight or self.train.weight
        return self.evaluate.model_copy(
            update={
                "weight": weight,
                "unit": self.evaluate.unit or group,
                "map": self.evaluate.map or find_coordinates(self.features),
            }
        )

    @pydantic.model_validator(mode="after")
    def _check_bounds_can_be_kept(self) -> Self:
        for fault in bound_faults(self.evaluate):
            raise FormError(fault.message, ("evaluate", *fault.place), fault.hint)
        return self

    @property
    def models(self) -> tuple[ModelConfig, ...]:
        """Every model that is trained: that of the spec, and those of the ensemble."""
        return (self.model, *(self.ensemble.models if self.ensemble else ()))

    @property
    def own_code(self) -> tuple[str, ...]:
        """The dotted paths of the user's own code, wherever the spec names it."""
        steps = [step for feature in self.features for step in feature.steps]
        if self.writes:
            steps += self.label.tokenization
        task = known_task(self.label)
        of_task = {} if task is None else task.metrics  # a name with a dot is no path
        names = [
            *(step.transform for step in steps),
            self.label.task or "",
            *(path for model in self.models for path in own_code(model.name, model.arguments)),
            *self.train.own_code,
            *(self.evaluate.metrics or ()),
            *self.evaluate.require,
        ]
        return tuple(dict.fromkeys(name for name in names if "." in name and name not in of_task))

    @property
    def _restores(self) -> bool:
        """Whether the answer is an image, which may be that of a feature: an autoencoder."""
        task = known_task(self.label)
        return task is not None and task.family == "image"

    @property
    def writes(self) -> bool:
        """Whether the answer is a text."""
        task = known_task(self.label)
        return task is not None and task.writes

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """What this spec says of each raw feature that it names."""
        return expectations(
            self.label,
            self.features,
            weights=(self.train.weight, self.evaluation.weight),
            sliced=(
                *self.evaluate.slice_keys,
                self.evaluation.unit,
                self.label.series,
                *(self.evaluate.map or ()),
            ),
        )

    @property
    def slicing(self) -> Slicing:
        """How the records are sliced that the model is judged by."""
        task = known_task(self.label)
        has_classes = task is None or task.family == "binary"
        return Slicing(
            slices=self.evaluate.slices,
            label=self.label.key if has_classes else "",
            min_slice_size=self.evaluate.min_slice_size,
            min_class_size=self.evaluate.min_class_size,
        )
