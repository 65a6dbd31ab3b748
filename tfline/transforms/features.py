"""What a feature is: the raw column, the steps that turn it into a tensor, the name it gets.

These models are the contract between the spec, Transform, the Trainer, the Evaluator and the
serving signatures. They import no TensorFlow.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tfline.transforms.docstrings import read_class

Task = Literal[
    "binary", "multiclass", "multilabel", "regression", "forecast", "text", "box", "mask"
]
"""What a label asks for: one of two classes, one of several, any number of several, one or more
numbers, the next values of a series, a text, a class and the box around it, or the class of each
pixel."""

TargetTransform = Literal["standardize", "log1p", "none"]
"""How a number to predict is scaled for training: see `LabelSpec.transform`."""

NUMBER_TASKS: tuple[Task, ...] = ("regression", "forecast")
"""The tasks whose label is one or more numbers."""

CLASS_TASKS: tuple[Task, ...] = ("binary", "multiclass", "multilabel")
"""The tasks whose label names classes."""

WEIGHT = "tfline_weight"
"""What the weight of an example is called in a transform graph, beside the features."""


BOX = ("top", "left", "bottom", "right")
"""The sides of a box, in their order."""


class FrozenModel(pydantic.BaseModel):
    """Base of all configuration: immutable, and unknown keys are errors."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Returns the JSON Schema; what a field has no description of, the docstring describes."""
        schema = handler(core_schema)
        definition = handler.resolve_ref_schema(schema)
        docstring = read_class(cls)
        parts = filter(None, (docstring.summary, docstring.text))
        definition["description"] = "\n\n".join(parts)
        for name, field in definition.get("properties", {}).items():
            if name in docstring.arguments:
                field.setdefault("description", docstring.arguments[name])
        return schema


class Step(FrozenModel):
    """One transform with its arguments.

    Attributes:
        transform: A name of `tfline.transforms.table.TRANSFORMS`, or the dotted path of a function.
        arguments: Keyword arguments of that function; only those that were given.
    """

    transform: str
    arguments: dict[str, Any] = pydantic.Field(default_factory=dict)


Steps = Annotated[tuple[Step, ...], pydantic.Field(strict=False)]


class FeatureSpec(FrozenModel):
    """A feature of the model.

    Attributes:
        name: The name of the transformed feature; unique in a pipeline.
        keys: The raw features of the tf.Example that it is made from; usually one.
        steps: Transforms, applied in order.
        augment: What is done to an image in training only: arguments of
            `tfline.transforms.augmentation.augment`; None: nothing.
    """

    name: str
    keys: tuple[str, ...] = pydantic.Field(strict=False, min_length=1)
    steps: tuple[Step, ...] = pydantic.Field(strict=False, min_length=1)
    augment: dict[str, Any] | None = None


class LabelSpec(FrozenModel):
    """What is to be predicted.

    Attributes:
        key: The raw feature that holds the label, and the name of the transformed label.
        task: What the label asks for; None: found from the data (a float is a number to predict,
            an integer or a string is a class).
        classes: The names of the classes, in the order of the model's outputs. An integer label i
            is ``classes[i]``; a string label is its own name. None: the sorted distinct values
            of the train split.
        targets: The raw features of a label with several parts, in place of `key`: the numbers of
            a regression, or a flag (0 or 1) a class of a multi-label task, named by its feature.
            Beside `key`, which holds the class: the top, left, bottom and right of a box, in
            shares of the image's height and width.
        shape: Height and width of a mask; the raw label is a byte a pixel, or a grey PNG, whose
            values are indices of `classes`.
        horizon: How many values a forecast has; the raw label is a list of so many.
        steps: At how many steps of a series a forecast is made. 1: after its last one. More: at
            each of its steps, by a sequence-to-sequence model; the raw label is the list of values
            that follow the first step. Only the forecast after the last step is evaluated and
            served.
        transform: Of numbers, what a model is trained on in their place; it is undone in whatever
            is shown, evaluated and served. ``standardize`` (the default): the number less its mean
            over its standard deviation, both of the train split, each target by itself and all
            steps of a forecast alike; so that the unit of the label changes nothing. ``log1p``: the
            same of log(1 + number), for numbers whose size, not whose difference, is to be right,
            such as prices. ``none``: the number as it is. Of a text, the steps that cut it into
            tokens; left out, at white space.
        length: The most tokens of a text, its marks included; what is longer is cut. None: those
            of the longest text of the train split.
        top_k: How many tokens are kept, the most frequent; None: all.
        marks: Whether a start and an end mark are put around each text; without them all texts
            that are written have the same length.
    """

    key: str
    task: Task | None = None
    classes: tuple[str, ...] | None = pydantic.Field(default=None, strict=False)
    targets: tuple[str, ...] = pydantic.Field(default=(), strict=False)
    shape: tuple[pydantic.PositiveInt, pydantic.PositiveInt] | None = pydantic.Field(
        default=None, strict=False
    )
    horizon: int = pydantic.Field(default=1, ge=1)
    steps: int = pydantic.Field(default=1, ge=1)
    transform: Steps | TargetTransform = ()
    length: int | None = pydantic.Field(default=None, ge=3)
    top_k: int | None = pydantic.Field(default=None, ge=1)
    marks: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        """The raw features that the label is read from."""
        if self.task == "box":
            return (self.key, *self.targets)
        return self.targets or (self.key,)

    @property
    def size(self) -> int:
        """How many numbers the label has: outputs, steps of a forecast, tokens, or pixels."""
        if self.shape is not None:
            return self.shape[0] * self.shape[1]
        if self.task == "text":
            return self.length or 1
        return self.horizon if self.task == "forecast" else max(1, len(self.targets))

    @property
    def tokenization(self) -> tuple[Step, ...]:
        """The steps that cut a text into tokens."""
        return self._steps or (Step(transform="split"),)

    @property
    def target_transform(self) -> TargetTransform:
        """How a number is scaled for training."""
        return self.transform if isinstance(self.transform, str) else "standardize"

    @property
    def _steps(self) -> tuple[Step, ...]:
        return () if isinstance(self.transform, str) else self.transform

    @property
    def separator(self) -> str:
        """What stands between the tokens of a text that is written."""
        by_character = any(step.arguments.get("by") == "character" for step in self._steps)
        return "" if by_character else " "

    @pydantic.model_validator(mode="after")
    def _check_targets(self) -> Self:
        if self.targets and self.task not in ("regression", "multilabel", "box"):
            raise ValueError(
                "`targets` are the parts of a label of the task regression, multilabel or box. "
                f"Received: task {self.task}"
            )
        if len(set(self.targets)) < len(self.targets):
            raise ValueError(f"A target is given twice. Received: {list(self.targets)}")
        if self.targets and self.classes and self.task != "box":
            raise ValueError("Expected either `targets` or `classes`: a target names its class")
        for name in ("horizon", "steps"):
            if getattr(self, name) > 1 and self.task != "forecast":
                raise ValueError(f"`{name}` is that of a forecast. Received: task {self.task}")
        return self

    @pydantic.model_validator(mode="after")
    def _check_target_transform(self) -> Self:
        if isinstance(self.transform, str) and self.task not in (None, *NUMBER_TASKS):
            raise ValueError(
                f"`transform: {self.transform}` is for a number to predict. Received: task "
                f"{self.task}"
            )
        if self.task in NUMBER_TASKS and self.classes:
            raise ValueError(f"`classes` are none of a number. Received: task {self.task}")
        return self

    @pydantic.model_validator(mode="after")
    def _check_image(self) -> Self:
        if self.task == "box" and len(self.targets) != len(BOX):
            raise ValueError(
                f"A box has four `targets`: the raw features of its {', '.join(BOX)}. "
                f"Received: {list(self.targets)}"
            )
        if (self.task == "mask") is not (self.shape is not None):
            raise ValueError(
                "A mask has a `shape`, [height, width], and no other label has one. "
                f"Received: task {self.task}, shape {self.shape}"
            )
        if self.task == "mask" and len(self.classes or ()) < 2:
            raise ValueError("A mask has two `classes` at least: names of the values of a pixel")
        return self

    @pydantic.model_validator(mode="after")
    def _check_text(self) -> Self:
        given = {"transform", "length", "top_k", "marks"} & self.model_fields_set
        if isinstance(self.transform, str):
            given -= {"transform"}
        changed = [name for name in sorted(given) if getattr(self, name) not in ((), None, True)]
        if changed and self.task != "text":
            raise ValueError(
                f"`{changed[0]}` is that of a label of the task text. Received: task {self.task}"
            )
        if self.task == "text" and self.classes:
            raise ValueError("A text has no `classes`: its tokens are found in the train split")
        return self
