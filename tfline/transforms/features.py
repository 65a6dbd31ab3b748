"""What a feature is: the raw column, the steps that turn it into a tensor, the name it gets.

These models are the contract between the spec, Transform, the Trainer, the Evaluator and the
serving signatures. They import no TensorFlow.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tfline.transforms.docstrings import read_class

TargetTransform = Literal["standardize", "log1p", "none"]
"""How a number to predict is scaled for training: see `LabelSpec.transform`."""

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
        task: What the label asks for: a name of `tfline.tasks.table.TASKS`, or the dotted path of
            one's own `Task`; None: found from the data (a float is a number to predict, an integer
            or a string is a class).
        classes: The names of the classes, in the order of the model's outputs. An integer label i
            is ``classes[i]``; a string label is its own name. None: the sorted distinct values
            of the train split. Of an ordinal label, from the lowest to the highest; names have to
            be given, integers are in order.
        targets: The raw features of a label with several parts, in place of `key`: the numbers of
            a regression, or a flag (0 or 1) a class of a multi-label task, named by its feature.
            Beside `key`, which holds the class: the top, left, bottom and right of a box, in
            shares of the image's height and width; of the task boxes each holds a list, and left
            out they are ``image/object/bbox/ymin``, ``xmin``, ``ymax`` and ``xmax``.
        shape: Height and width of a mask; the raw label is a byte a pixel, or a grey PNG, whose
            values are indices of `classes`. Of an image its height and width, and 3 for a colour
            one; the raw label is a PNG, a JPEG, or a byte a number.
        horizon: How many values a forecast has; the raw label is a list of so many.
        steps: At how many steps of a series a forecast is made. 1: after its last one. More: at
            each of its steps, by a sequence-to-sequence model; the raw label is the list of values
            that follow the first step. Only the forecast after the last step is evaluated and
            served.
        series: Of a forecast of several series, the raw feature that names the one of a record. The
            errors of each are scaled by itself in `mase`; to tell the model, make it a feature.
        transform: Of numbers, what a model is trained on in their place; it is undone in whatever
            is shown, evaluated and served. ``standardize`` (the default): the number less its mean
            over its standard deviation, both of the train split, each target by itself and all
            steps of a forecast alike; so that the unit of the label changes nothing. ``log1p``: the
            same of log(1 + number), for numbers whose size, not whose difference, is to be right,
            such as prices. ``none``: the number as it is. Of a text, the steps that cut it into
            tokens; left out, at white space.
        length: The most tokens of a text, its marks included; what is longer is cut. None: those
            of the longest text of the train split. Of the task boxes, the most objects of a
            picture; None: 100.
        top_k: How many tokens are kept, the most frequent; None: all.
        marks: Whether a start and an end mark are put around each text; without them all texts
            that are written have the same length.
        one_hot: Whether a class is a list of zeros with a one at its place, such as ``[0, 1, 0]``;
            found from the data if it is left out.
    """

    key: str
    task: str | None = None
    classes: tuple[str, ...] | None = pydantic.Field(default=None, strict=False)
    targets: tuple[str, ...] = pydantic.Field(default=(), strict=False)
    shape: tuple[pydantic.PositiveInt, ...] | None = pydantic.Field(
        default=None, strict=False, min_length=2, max_length=3
    )
    horizon: int = pydantic.Field(default=1, ge=1)
    steps: int = pydantic.Field(default=1, ge=1)
    series: str | None = None
    transform: Steps | TargetTransform = ()
    length: int | None = pydantic.Field(default=None, ge=3)
    top_k: int | None = pydantic.Field(default=None, ge=1)
    marks: bool = True
    one_hot: bool = False

    @property
    def size(self) -> int:
        """How many numbers the label has: outputs, steps of a forecast, tokens, or pixels."""
        if self.shape is not None:
            return math.prod(self.shape)
        return self.length or max(self.horizon, len(self.targets))

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
        if len(set(self.targets)) < len(self.targets):
            raise ValueError(f"A target is given twice. Received: {list(self.targets)}")
        return self
