"""What the data of a pipeline must satisfy before anything is learned from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tfline.transforms.features import FrozenModel

Check = Literal["absent", "type", "nan", "infinite", "constant", "missing_label"]


class ValidateConfig(FrozenModel):
    """How strict ExampleValidator is.

    Attributes:
        stop: The least severity of an anomaly that stops the run; ``never`` only reports.
        allow: Checks that are left out.
    """

    stop: Literal["error", "warning", "never"] = Field(
        default="error", description="The least severity of an anomaly that stops the run."
    )
    allow: tuple[Check, ...] = Field(
        default=(), strict=False, description="Checks that are left out."
    )


class Expectation(FrozenModel):
    """What the spec says of one raw feature.

    Attributes:
        key: The raw feature.
        kind: ``number`` (int64 or float), ``category`` (any), ``bytes`` (a string), or ``any``.
        role: What it is used for, to be named in an error.
    """

    key: str
    kind: Literal["number", "category", "bytes", "any"]
    role: Literal["feature", "label", "slice", "weight"]
