"""The rules of an evaluation: bounds, changes, gaps, and how a threshold is chosen.

Read by the spec, so it imports no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic

from tfline.transforms.features import FrozenModel

Number = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Loss = Annotated[Number, pydantic.Field(ge=0)]

TOLERANCE = 1e-9
"""How far a value may miss its bound: the rounding of a difference of two values."""

Proof = Literal["none", "to_block", "to_pass"]
"""What a rule goes by: ``none`` is the measured value itself; ``to_block`` blocks a model only if
chance cannot explain that it misses the bound; ``to_pass`` lets it pass only if chance cannot
explain that it keeps it."""


class Bound(FrozenModel):
    """The values that a metric has to stay within.

    Attributes:
        min: Smallest value allowed over all examples.
        max: Largest value allowed over all examples.
        slice_min: Smallest value allowed on each slice that is large enough to decide.
        slice_max: Largest value allowed on each slice that is large enough to decide.
        proof: What the rule goes by; None: ``none`` over all examples, ``to_block`` on slices.
    """

    min: Number | None = None
    max: Number | None = None
    slice_min: Number | None = None
    slice_max: Number | None = None
    proof: Proof | None = None

    @pydantic.model_validator(mode="after")
    def _check_order(self) -> Bound:
        if {self.min, self.max, self.slice_min, self.slice_max} == {None}:
            raise ValueError("A bound needs at least one of min, max, slice_min, slice_max.")
        for low, high in (("min", "max"), ("slice_min", "slice_max")):
            bottom, top = getattr(self, low), getattr(self, high)
            if bottom is not None and top is not None and bottom > top:
                raise ValueError(f"`{low}` is above `{high}`. Received: {bottom} > {top}.")
        return self


class Change(FrozenModel):
    """How much worse than the baseline a metric may be; 0.0 is "not worse".

    Attributes:
        max_loss: Over all examples.
        slice_max_loss: On each slice that is large enough to decide.
        proof: What the rule goes by.
    """

    max_loss: Loss | None = None
    slice_max_loss: Loss | None = None
    proof: Proof = "to_block"

    @pydantic.model_validator(mode="after")
    def _check_loss(self) -> Change:
        if {self.max_loss, self.slice_max_loss} == {None}:
            raise ValueError("A change needs at least one of max_loss, slice_max_loss.")
        return self


class Gap(FrozenModel):
    """How far metrics may differ between the slices of a feature: a rule of fairness.

    The short form is ``{recall: 0.05, by: sex}``.

    Attributes:
        by: The raw feature; it is sliced by, whether `slices` names it or not.
        most: For each metric, the largest difference allowed between any two slices that are large
            enough to decide.
    """

    by: str
    most: dict[str, Loss] = pydantic.Field(min_length=1)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or "most" in value or "by" not in value:
            return value
        return {"by": value["by"], "most": {k: v for k, v in value.items() if k != "by"}}


class Cost(FrozenModel):
    """What the two errors cost, in any unit.

    Attributes:
        false_positive: A negative example taken for positive.
        false_negative: A positive example that was missed.
    """

    false_positive: Loss
    false_negative: Loss

    @pydantic.model_validator(mode="after")
    def _check_cost(self) -> Cost:
        if self.false_positive == self.false_negative == 0:
            raise ValueError("At least one of the two errors has to cost something.")
        return self


class ThresholdChoice(FrozenModel):
    """How the threshold of a binary task is chosen; exactly one of these.

    Attributes:
        best: ``f1``: the highest F1.
        precision: The highest recall with at least this precision.
        recall: The highest precision with at least this recall.
        cost: The lowest cost of errors.
    """

    best: Literal["f1"] | None = None
    precision: float | None = pydantic.Field(default=None, gt=0, le=1)
    recall: float | None = pydantic.Field(default=None, gt=0, le=1)
    cost: Cost | None = None

    @pydantic.model_validator(mode="after")
    def _check_one(self) -> ThresholdChoice:
        if sum(value is not None for _, value in self) != 1:
            raise ValueError("A threshold is chosen by one of best, precision, recall, cost.")
        return self
