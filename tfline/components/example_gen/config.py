"""What ExampleGen is asked to do. No TensorFlow: the spec layer builds it."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import pydantic

from tfline.components.artifacts.windows import WINDOW_END, WINDOW_START
from tfline.transforms.condition import check_condition
from tfline.transforms.features import FrozenModel

Payload = Literal["tf_example", "tf_sequence_example"]
"""What the records are."""

Condition = Annotated[str, pydantic.AfterValidator(check_condition)]
"""Which records are used; see `tfline.transforms.condition`."""

SplitName = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
"""The names that TFX allows for a split."""

Files = Annotated[tuple[str, ...], pydantic.Field(min_length=1, strict=False)]


Duration = Annotated[str, pydantic.Field(pattern=r"^[0-9]+(\.[0-9]+)?(s|min|h|d|w)$")]
"""A time span: a number and s, min, h, d or w."""

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


class SplitRule(FrozenModel):
    """How records that come in one heap are divided.

    Equal records always share a split, and a record keeps its split when others come or go (by
    ``stratify`` and ``time``: unless it is near the border of two splits).

    Attributes:
        fractions: The share of each split; together 1.
        by: ``hash``: by the bytes of the record.
            ``stratify``: the same shares among the records of each value of `feature`.
            ``time``: the earliest records in the first split, in the order train, train_dev,
            eval, test, then any other; records of the same time stay together.
            ``group``: by the value of `feature`; no value is in two splits.
        feature: The feature that `by` looks at: needed by all but ``hash``.
        seed: Another seed, another division; not used by ``time``.
        bins: With ``stratify``: how many quantile bins a number has. Left out, a number of more
            than 50 distinct values has 10.
        until: With ``time``: the feature that says when a record ends, such as a window of several
            rows. No record of a later split begins before those of the earlier ones have ended;
            what does is left out. ``window_end`` by itself where `feature` is ``window_start``.
        embargo: With ``time``: how much time lies at least between two splits, in the unit of
            `feature`, or as ``12h`` or ``7d`` if it holds dates. What falls into it is left out.
    """

    fractions: dict[SplitName, Annotated[float, pydantic.Field(gt=0, le=1)]] = pydantic.Field(
        min_length=1
    )
    by: Literal["hash", "stratify", "time", "group"] = "hash"
    feature: str | None = None
    seed: int = 42
    bins: Annotated[int, pydantic.Field(ge=2, le=1000)] | None = None
    until: str | None = None
    embargo: Annotated[float, pydantic.Field(ge=0)] | Duration = 0.0

    @property
    def end(self) -> str | None:
        """The feature that says when a record ends; None if it ends when it begins."""
        if self.until is None and self.by == "time" and self.feature == WINDOW_START:
            return WINDOW_END
        return self.until

    @pydantic.model_validator(mode="after")
    def _check_options(self) -> Self:
        for name, rule in {"bins": "stratify", "until": "time", "embargo": "time"}.items():
            if getattr(self, name) and self.by != rule:
                raise ValueError(f"`{name}` is that of a split by {rule}. Received: by={self.by!r}")
        return self

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
        where: Which records are used, of all splits; None: all.
    """

    payload: Payload
    ingest: Literal["copy", "link"] = "copy"
    splits: dict[SplitName, Files] | None = pydantic.Field(default=None, min_length=1)
    files: Files | None = None
    split: SplitRule | None = None
    where: Condition | None = None

    @property
    def split_names(self) -> list[str]:
        """The names of the splits that come out."""
        return list(self.splits or (self.split.fractions if self.split else ()))

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


def microseconds(duration: str) -> float:
    """Returns a `Duration` in microseconds."""
    number = duration.rstrip("abcdefghijklmnopqrstuvwxyz")
    return float(number) * _SECONDS[duration[len(number) :]] * 1e6
