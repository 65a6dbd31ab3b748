"""What examples are sliced by, as the spec says it.

payment_type                    each value of a raw feature
{fare: [10, 20, 50]}            buckets of a number: below 10, 10 to 20, 20 to 50, 50 and more
{long_trip: trip_miles > 10}    a formula over raw features, under a name
[payment_type, {fare: [10]}]    their cross
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pydantic

from tfline.transforms.features import FrozenModel
from tfline.transforms.formula import check_formula, names_of


class SliceBy(FrozenModel):
    """One of the things that a slice is cut by.

    Attributes:
        name: The raw feature; for a formula, what its value is called.
        bounds: Where the buckets of a number meet, rising; a bound is in the bucket above it.
            Empty: each value is a slice.
        formula: See `tfline.transforms.formula`; empty: there is none.
    """

    name: str
    bounds: tuple[float, ...] = pydantic.Field(default=(), strict=False)
    formula: str = ""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, Mapping) or "name" in value or len(value) != 1:
            return value
        [(name, what)] = value.items()
        return {"name": name, "formula" if isinstance(what, str) else "bounds": what}

    @pydantic.field_validator("bounds")
    @classmethod
    def _check_bounds(cls, bounds: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in itertools.pairwise(bounds)):
            raise ValueError(f"The bounds of buckets have to rise. Received: {list(bounds)}.")
        return bounds

    @pydantic.field_validator("formula")
    @classmethod
    def _check_formula(cls, formula: str) -> str:
        return check_formula(formula) if formula else formula

    @property
    def keys(self) -> tuple[str, ...]:
        """The raw features that have to be read."""
        return names_of(self.formula) if self.formula else (self.name,)

    @property
    def buckets(self) -> tuple[str, ...]:
        """The names of the buckets, from the lowest."""
        edges = [f"{bound:g}" for bound in self.bounds]
        between = (f"[{low}, {high})" for low, high in itertools.pairwise(edges))
        return (f"below {edges[0]}", *between, f"{edges[-1]} and more")


Cross = tuple[SliceBy, ...]
"""One thing to slice by, or several for the slices of their cross."""
