"""What the data of a pipeline must satisfy before anything is learned from it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tfline.metrics.slice_by import Cross
from tfline.transforms.features import FrozenModel
from tfline.transforms.value_counts import Taken

Check = Literal[
    "absent", "type", "length", "nan", "infinite", "precision", "constant", "missing_label",
    "unseen", "missing", "range", "drift", "slices",
]  # fmt: skip

Share = Annotated[float, Field(ge=0, le=1)]


class DriftConfig(FrozenModel):
    """How far data may move away from what a model was learned from.

    Each split is held against the train split, and the train split against that of the last
    blessed run on other data. What chance explains among so few records is added to a threshold.
    """

    categories: Share = Field(
        default=0.1, description="The largest change of the share of one value (L-infinity)."
    )
    numbers: Share = Field(
        default=0.1, description="The largest Jensen-Shannon divergence, to base 2."
    )
    action: Literal["warn", "stop"] = Field(
        default="warn", description="What happens where it is more."
    )


class ValidateConfig(FrozenModel):
    """How strict ExampleValidator is."""

    stop: Literal["error", "warning", "never"] = Field(
        default="error", description="The least severity of an anomaly that stops the run."
    )
    allow: tuple[Check, ...] = Field(
        default=(), strict=False, description="Checks that are left out."
    )
    unseen: Share = Field(
        default=0.1,
        description="The largest share of a category's values that the data it is held against "
        "does not have; more is an error, more than a hundredth a warning.",
    )
    missing: Share = Field(
        default=0.1,
        description="How much larger the share of records without a feature may be than in the "
        "data it is held against; more is an error, more than a fiftieth a warning.",
    )
    drift: DriftConfig = Field(
        default_factory=DriftConfig, description="How far distributions may move."
    )


class Expectation(FrozenModel):
    """What the spec says of one raw feature.

    Attributes:
        key: The raw feature.
        kind: ``number`` (int64 or float), ``category`` (looked up in a vocabulary), ``bytes`` (a
            string), or ``any``.
        role: What it is used for, to be named in an error.
        values: How many values of it a record may hold.
        may_lack: Whether a record without it is whole, as a picture that shows no objects is.
    """

    key: str
    kind: Literal["number", "category", "bytes", "any"]
    role: Literal["feature", "label", "slice", "weight"]
    values: Taken = "list"
    may_lack: bool = False


class Slicing(FrozenModel):
    """How the evaluation slices the split that it judges.

    Attributes:
        slices: What it slices by.
        label: The raw feature of the label, if it has classes; empty: it has not.
        min_slice_size: Smaller slices never decide.
        min_class_size: With fewer records of a class, what is measured of it on a slice is unknown.
    """

    slices: tuple[Cross, ...] = Field(default=(), strict=False)
    label: str = ""
    min_slice_size: int = 1
    min_class_size: int = 1


class HeldAgainst(FrozenModel):
    """The run that the data is held against.

    Attributes:
        run: Its id.
        statistics: The folder of its statistics.
    """

    run: str
    statistics: str


class Content(FrozenModel):
    """What ExampleValidator is asked to do.

    Attributes:
        validation: How strict it is.
        expectations: What the spec says of each raw feature.
        slicing: How the evaluation slices the records.
        inferred: Whether the schema was inferred from the train split, and not curated.
        reference: The last blessed run on other data; None if there is none.
    """

    validation: ValidateConfig
    expectations: tuple[Expectation, ...] = Field(strict=False)
    slicing: Slicing = Slicing()
    inferred: bool = True
    reference: HeldAgainst | None = None
