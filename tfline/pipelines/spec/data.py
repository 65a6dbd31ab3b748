"""The section `data` of a spec: where the records are, and which files those are now."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import BeforeValidator, Field

from tfline.components.example_gen.config import Condition, IngestConfig, Payload, SplitRule
from tfline.pipelines.spec.spans import at_span
from tfline.transforms.errors import DataError
from tfline.transforms.features import FrozenModel


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_split(value: Any) -> Any:
    """Reads ``{train: 0.8, eval: 0.2}``, alone or beside `by`, `feature` and `seed`."""
    if not isinstance(value, Mapping) or "fractions" in value:
        return value
    known = {key: value[key] for key in SplitRule.model_fields if key in value}
    return {**known, "fractions": {k: v for k, v in value.items() if k not in known}}


_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")

Files = Annotated[
    tuple[str, ...],
    BeforeValidator(_as_list, json_schema_input_type=str | list[str]),
    Field(strict=False, min_length=1),
]


class DataSpec(FrozenModel):
    """Where the records are: given splits, or files to split."""

    train: Files | None = Field(default=None, description="Files or patterns of the train split.")
    train_dev: Files | None = Field(
        default=None,
        description="Files or patterns of a split that is like the train split but not learned "
        "from: it tells variance from a mismatch of data, where eval is of another source.",
    )
    eval: Files | None = Field(default=None, description="Files or patterns of the eval split.")
    test: Files | None = Field(default=None, description="Files or patterns of the test split.")
    files: Files | None = Field(default=None, description="Files or patterns to be split.")
    split: (
        Annotated[
            SplitRule,
            BeforeValidator(
                _as_split, json_schema_input_type=SplitRule | dict[str, float | str | int]
            ),
        ]
        | None
    ) = Field(default=None, description="How to split `files`; {train: 0.8, eval: 0.2} by hash.")
    payload: Payload = Field(default="tf_example", description="What the records are.")
    ingest: Literal["copy", "link"] = Field(
        default="copy", description="How given splits come into the pipeline's artifact."
    )
    span: int | None = Field(
        default=None, ge=0, description="The number that {SPAN} stands for; left out: the newest."
    )
    where: Condition | None = Field(
        default=None,
        description="Which records are used, in all splits: `label in [0, 1, 2]`, "
        '`fare > 0 and payment_type != "Unknown"`, `age is not missing`. Requests to the model '
        "are all answered.",
    )

    @pydantic.model_validator(mode="after")
    def _check_source(self) -> Self:
        if self.files is None:
            if self.split is not None:
                raise ValueError("`split` divides `files`; there are none")
            if self.train is None or self.eval is None:
                raise ValueError("Expected `train` and `eval`, or `files` to be split")
        elif self.train or self.train_dev or self.eval or self.test:
            raise ValueError("Expected either given splits or `files`, not both")
        return self

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """The patterns by split; under ``files`` if they are to be split."""
        names = ("train", "train_dev", "eval", "test", "files")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def resolve(self) -> IngestConfig:
        """Returns what ExampleGen is asked to do, with the files that are there now.

        Raises:
            DataError: A pattern matches no file, or a file is in two splits.
        """
        patterns = at_span(self.patterns, self.span)
        found = {name: _expand(patterns[name]) for name in patterns}
        if self.files is None:
            _check_disjoint(found)
            return IngestConfig(
                payload=self.payload, ingest=self.ingest, splits=found, where=self.where
            )
        rule = self.split or SplitRule(fractions={"train": 0.8, "eval": 0.2})
        return IngestConfig(
            payload=self.payload,
            ingest=self.ingest,
            files=found["files"],
            split=rule,
            where=self.where,
        )


def _expand(patterns: Sequence[str]) -> tuple[str, ...]:
    """Returns the files that match, absolute and sorted."""
    files: list[str] = []
    for pattern in patterns:
        if _SCHEME.match(pattern):
            raise DataError(
                f"'{pattern}' is a URI, and a run on this machine reads files",
                hint="Mount the bucket, or copy the files here. A pipeline that is compiled for "
                "Kubeflow takes the URI as `--data-root`, and the pattern relative to it.",
            )
        matches = sorted(glob.glob(pattern))
        if not matches:
            raise DataError(
                f"No file matches the pattern '{pattern}'",
                where=str(Path.cwd()),
                hint="Patterns are relative to the current folder. Catalog data is written by "
                "`tfline data NAME`.",
            )
        files += [str(Path(match).resolve()) for match in matches]
    return tuple(dict.fromkeys(files))


def _check_disjoint(splits: Mapping[str, Sequence[str]]) -> None:
    """Refuses a file that is in two splits: a model must not be judged by what it learned from."""
    owner: dict[str, str] = {}
    for split, files in splits.items():
        for file in files:
            if owner.setdefault(file, split) != split:
                raise DataError(
                    f"A file is in two splits, {owner[file]} and {split}",
                    file,
                    "Make the patterns disjoint, or give `files` and a `split`.",
                )
