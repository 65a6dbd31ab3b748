"""What ExampleGen is asked to do. No TensorFlow: the spec layer builds it."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import pydantic

from tfline.transforms.features import FrozenModel

Payload = Literal["tf_example", "tf_sequence_example"]
"""What the records are."""

SplitName = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
"""The names that TFX allows for a split."""

Files = Annotated[tuple[str, ...], pydantic.Field(min_length=1, strict=False)]


class SplitRule(FrozenModel):
    """How records that come in one heap are divided.

    Attributes:
        fractions: The share of each split; together 1.
        by: ``hash``: by the bytes of the record, so that equal records stay together.
            ``stratify``: the same shares among the records of each value of `feature`.
            ``time``: the earliest records in the first split, in the order train, eval, test,
            then any other; records of the same time stay together.
            ``group``: by the value of `feature`; no value is in two splits.
        feature: The feature that `by` looks at: needed by all but ``hash``.
        seed: Another seed, another division; not used by ``time``.
    """

    fractions: dict[SplitName, Annotated[float, pydantic.Field(gt=0, le=1)]] = pydantic.Field(
        min_length=1
    )
    by: Literal["hash", "stratify", "time", "group"] = "hash"
    feature: str | None = None
    seed: int = 42

    @pydantic.model_validator(mode="after")
    def _check_sum(self) -> Self:
        total = math.fsum(self.fractions.values())
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(
                f"Invalid value for `fractions`. Expected a sum of 1. Received: {total:g}"
            )
        return self

    @pydantic.model_validator(mode="after")
    def _check_feature(self) -> Self:
        if (self.feature is None) != (self.by == "hash"):
            need = "no feature" if self.by == "hash" else "the name of a feature"
            raise ValueError(
                f"Invalid value for `feature`. Expected {need}, since the split is by "
                f"{self.by}. Received: feature={self.feature!r}"
            )
        return self


class IngestConfig(FrozenModel):
    """What ExampleGen reads, and how it divides it: either `splits`, or `files` and `split`.

    Attributes:
        payload: What the records are.
        ingest: How given splits come into the artifact. ``link`` makes hard links, which take no
            time and no space, but a file that is later overwritten in place changes in the
            artifact too.
        splits: Files by split, for data that is divided already.
        files: Files to divide.
        split: How to divide `files`.
    """

    payload: Payload
    ingest: Literal["copy", "link"] = "copy"
    splits: dict[SplitName, Files] | None = pydantic.Field(default=None, min_length=1)
    files: Files | None = None
    split: SplitRule | None = None

    @pydantic.model_validator(mode="after")
    def _check_source(self) -> Self:
        given = tuple(
            name for name in ("splits", "files", "split") if getattr(self, name) is not None
        )
        if given not in (("splits",), ("files", "split")):
            raise ValueError(
                "Expected either `splits`, or `files` and `split`. "
                f"Received: {', '.join(given) or 'none of them'}"
            )
        return self
