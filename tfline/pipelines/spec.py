"""The spec of a pipeline: a short YAML file, read into frozen, strict models.

The same classes give the JSON Schema by which an editor completes and checks a spec. Every error
names the file and line, what is allowed, what was received and the nearest valid name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import BeforeValidator, Field

from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.example_validator.config import Expectation, ValidateConfig
from tfline.components.pusher.config import Budgets
from tfline.components.trainer.config import ModelConfig, RunConfig, TrainConfig
from tfline.components.trainer.hyperparameters import with_values
from tfline.components.trainer.label import check_training
from tfline.components.trainer.models import MODELS, WRITERS, resolve
from tfline.components.trainer.models.transformer.arguments import check_heads
from tfline.components.tuner.config import TuneConfig
from tfline.pipelines.data_spec import DataSpec
from tfline.pipelines.document import read_document
from tfline.pipelines.feature_forms import (
    FormError,
    expand_features,
    features_json_schema,
    steps_json_schema,
)
from tfline.pipelines.label_forms import expand_label
from tfline.pipelines.metadata_store import MetadataSpec
from tfline.pipelines.model_card import CardSpec
from tfline.pipelines.runners.beam import BeamSpec
from tfline.pipelines.runners.kubeflow.settings import KubernetesSpec
from tfline.pipelines.spec_errors import explain
from tfline.transforms.arguments import arguments_model, arguments_schema, check_arguments
from tfline.transforms.errors import ModelError, SpecError, did_you_mean
from tfline.transforms.features import FeatureSpec, FrozenModel, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import resolve as resolve_transform

CATALOG = Path(__file__).parent / "catalog"
"""The pipelines that ship with tfline."""


_EXPECTED: dict[str | None, Literal["number", "bytes"]] = {
    "Numbers": "number",
    "Series": "number",
    "Bytes": "bytes",
}
"""What a raw feature must be, by what its first transform takes."""

_TEXTS = frozenset({"text_vectorization", "token_ids"})
"""The transforms that end in a text; a text's `embedding` is the width of its tokens."""


def _as_push(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


class PushSpec(FrozenModel):
    """Where a blessed model goes."""

    to: str = Field(description="The folder that TF Serving watches; versions are made below it.")
    keep: int = Field(default=5, ge=1, description="How many versions stay.")
    budgets: Budgets = Field(
        default_factory=Budgets,
        description="What a model may cost: p99_ms, model_mb, cold_start_s.",
    )
    server: str | None = Field(
        default=None,
        min_length=1,
        description="host:port of a running server's gRPC; a push waits until it has the version.",
    )


def _as_model(value: Any) -> Any:
    """Reads ``cnn`` and ``{cnn: {filters: 30}}``; checks the arguments."""
    if isinstance(value, ModelConfig):
        return value
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, Mapping) or len(value) != 1:
        raise FormError(f"Expected a name or {{name: {{arguments}}}}. Received: {value!r}", ())
    [(name, arguments)] = value.items()
    if not isinstance(name, str):
        raise FormError(f"A model is a name. Received: {name!r}", ())
    try:
        checked = check_arguments(resolve(name), {} if arguments is None else arguments, where="")
    except SpecError as exc:
        raise FormError(exc.message, (name,), exc.hint) from exc
    return ModelConfig(name=name, arguments=checked)


class PipelineSpec(FrozenModel):
    """A pipeline: from TFRecords to a model that answers over gRPC."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_-]*$", description="The pipeline, and the model that is served."
    )
    data: DataSpec = Field(description="Where the records are.")
    label: Annotated[
        LabelSpec, BeforeValidator(expand_label, json_schema_input_type=str | LabelSpec)
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
        ModelConfig, BeforeValidator(_as_model, json_schema_input_type=str | dict[str, Any])
    ] = Field(description="The Keras model.")
    train: TrainConfig = Field(default_factory=TrainConfig, description="How it is trained.")
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
        Annotated[PushSpec, BeforeValidator(_as_push, json_schema_input_type=str | PushSpec)] | None
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
        if not self.features and self.label.task != "text":
            raise FormError("`features` is missing", ())
        return self

    @pydantic.model_validator(mode="after")
    def _check_model_fits_label(self) -> Self:
        is_text, name = self.label.task == "text", self.model.name
        if name in MODELS and is_text != (name in WRITERS):
            named = ", ".join(sorted(WRITERS))
            does = "writes no texts" if is_text else "writes texts, and the label is none"
            raise FormError(
                f"The model '{name}' {does}", ("model",),
                f"Choose one that does: {named}." if is_text
                else "Add `task: text` to the label, or choose another model.",
            )  # fmt: skip
        stateful = self.model.arguments.get("stateful") if name == "char_rnn" else None
        if stateful and (stateful, "consecutive") != (self.train.batch_size, self.train.order):
            raise FormError(
                "A stateful model needs batches that follow on from each other", ("model",),
                f"Write `train: {{batch_size: {stateful}, order: consecutive}}`.",
            )  # fmt: skip
        if is_text and self.train.monte_carlo:
            raise FormError("A text has no mean", ("train", "monte_carlo"), "Take it out.")
        return self

    @pydantic.model_validator(mode="after")
    def _check_heads_share_units(self) -> Self:
        name = self.model.name
        if name not in MODELS:
            return self
        arguments = vars(arguments_model(MODELS[name])(**self.model.arguments))
        widths = {arguments["units"]} if "heads" in arguments else set()
        if name == "text_transformer":  # a token is as wide as its feature says
            lasts = [feature.steps[-1] for feature in self.features]
            texts = [step for step in lasts if step.transform in _TEXTS]
            widths = {step.arguments.get("embedding") or arguments["units"] for step in texts}
        for width in widths:
            try:
                check_heads(width, arguments["heads"])
            except ModelError as exc:
                raise FormError(exc.message, ("model", name), exc.hint) from exc
        return self

    @pydantic.model_validator(mode="after")
    def _check_label_is_no_feature(self) -> Self:
        for feature in self.features:
            among = {self.label.key, *self.label.keys} & {*feature.keys, feature.name}
            if among:
                raise FormError(
                    f"The label '{min(among)}' is among the features", ("features",),
                    "A model that sees its label learns nothing. Take it out.",
                )  # fmt: skip
        return self

    @pydantic.model_validator(mode="after")
    def _check_training_fits(self) -> Self:
        if self.train.warm_start and self.push is None:
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
        task = self.label.task
        if task is None and self.label.classes:
            task = "binary" if len(self.label.classes) == 2 else "multiclass"
        if task is not None:
            try:
                self.evaluate.check_task(task)
            except SpecError as exc:
                raise FormError(exc.message, ("evaluate",), exc.hint) from exc
        return self

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """What this spec says of each raw feature that it names."""
        found = [Expectation(key=key, kind="any", role="label") for key in self.label.keys]
        for feature in self.features:
            takes = kinds_of(resolve_transform(feature.steps[0].transform)).takes
            kind: Literal["number", "bytes", "any"] = _EXPECTED.get(takes, "any")
            found += [Expectation(key=key, kind=kind, role="feature") for key in feature.keys]
        if self.train.weight is not None:
            found.append(Expectation(key=self.train.weight, kind="number", role="weight"))
        named = {expectation.key for expectation in found}
        found += [
            Expectation(key=key, kind="any", role="slice")
            for key in self.evaluate.slice_keys
            if key not in named
        ]
        return tuple(dict.fromkeys(found))  # a raw feature may be in several features


def find_spec(name: str) -> Path:
    """Returns the file of a spec: a path, or the name of a catalog pipeline.

    Raises:
        SpecError: There is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    catalog = {file.stem: file for file in sorted(CATALOG.glob("*.yaml"))}
    if name in catalog:
        return catalog[name]
    raise SpecError(
        f"There is no spec '{name}': neither a file nor a pipeline of the catalog",
        hint=did_you_mean(name, catalog),
    )


def load_spec(name: str, overrides: Sequence[str] = ()) -> PipelineSpec:
    """Reads a spec.

    Args:
        name: A path, or the name of a catalog pipeline.
        overrides: Each ``key.path=value``.

    Raises:
        SpecError: Anything is wrong with it; the first line names the first error.
    """
    document = read_document(find_spec(name), overrides)
    try:
        return PipelineSpec.model_validate(document.data)
    except pydantic.ValidationError as exc:
        # A misspelt key comes first: it is why another one is missing.
        errors = sorted(exc.errors(), key=lambda error: error["type"] != "extra_forbidden")
        first, *others = [explain(error, document, PipelineSpec) for error in errors]
        more = [f"       also {other.where}: {other.message}" for other in others]
        hint = "\n  ".join([first.hint or "Mend the value.", *more])
        raise SpecError(first.message, first.where, hint) from exc


def json_schema() -> dict[str, Any]:
    """Returns the JSON Schema (2020-12) of a spec, from its classes and the tables' signatures."""
    schema = PipelineSpec.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["features"] = features_json_schema()
    label = schema["$defs"]["LabelSpec"]["properties"]
    label["transform"] = {"description": label["transform"]["description"], **steps_json_schema()}
    schema["properties"]["model"] = {
        "description": "The Keras model.",
        "anyOf": [
            {"type": "string", "examples": sorted(MODELS)},
            {
                "type": "object",
                "properties": {name: arguments_schema(build) for name, build in MODELS.items()},
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
    }
    return schema
