"""Looks at the first records before anything runs, so that a mistake costs no minutes.

TensorFlow is not imported: some hundred records are read and parsed in Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfline.components.artifacts.owner import Owner, check_owner
from tfline.components.artifacts.windows import WINDOW_END, WINDOW_START
from tfline.components.example_validator.config import Expectation
from tfline.pipelines.inputs.records import first_features, scalar
from tfline.pipelines.run.class_check import check_classes
from tfline.pipelines.run.plan import read_schema
from tfline.pipelines.run.task_check import check_task
from tfline.pipelines.spec import PipelineSpec
from tfline.transforms.condition import Kind, check_kinds, names_of
from tfline.transforms.errors import FeatureError, SpecError, did_you_mean
from tfline.transforms.value_counts import HINTS, ValueCount, count_problem

_RECORDS = 500
_OTHER_RECORDS = 100
_KINDS: dict[str, Kind] = {"bytes_list": "text", "float_list": "number", "int64_list": "number"}


@dataclasses.dataclass
class _Seen:
    """What the first records hold of one raw feature."""

    kinds: set[str] = dataclasses.field(default_factory=set)
    low: int = 0
    high: int = 0

    def add(self, kind: str, length: int) -> None:
        """Adds a record that has `length` values."""
        self.kinds.add(kind)
        self.low = min(self.low or length, length)
        self.high = max(self.high, length)

    @property
    def count(self) -> ValueCount:
        """How many values a record holds."""
        return ValueCount(self.low, self.high)


@dataclasses.dataclass(frozen=True)
class _Survey:
    """What the first records of a file hold.

    Attributes:
        file: The file.
        records: How many were looked at.
        seen: By raw feature; one that never has a value has no kind.
    """

    file: str
    records: int
    seen: Mapping[str, _Seen]


def owner_of(spec: PipelineSpec) -> Owner:
    """Returns whose the push folder of a spec has to be."""
    features = {key for feature in spec.features for key in feature.keys}
    return Owner(pipeline=spec.name, label=spec.label.key, features=tuple(sorted(features)))


def check_data(spec: PipelineSpec) -> dict[str, int]:
    """Checks that a spec's raw features are in its data as it takes them, and where it may push.

    Args:
        spec: The spec.

    Returns:
        How many files each split has; ``files`` if they are to be split.

    Raises:
        DataError: A pattern matches no file, or the first file holds no tf.Examples.
        SpecError: The curated schema cannot be read, a name occurs in none of the first records,
            a label is none of the classes, a loss or metric does not fit it, a transform takes
            another type or another number of values, or the splits have lists of different lengths.
        PushError: The push folder is another pipeline's.
    """
    if spec.push is not None:
        check_owner(Path(spec.push.to), owner_of(spec))
    config = spec.data.resolve()
    files = config.splits or {"files": config.files or ()}
    if config.split is not None:
        missing = {"train", "eval"} - set(config.split.fractions)
        if missing:
            raise SpecError(
                f"`data.split` makes no {sorted(missing)[0]} split",
                hint="A pipeline trains on `train` and evaluates on `eval`.",
            )
    schema = read_schema(spec.schema_file)
    if schema is not None:
        from tfline.components.artifacts.schema import parse_schema  # takes a third of a second

        parse_schema(schema, str(spec.schema_file))
    if config.payload == "tf_example":
        first, *others = files
        where = config.where
        if where is not None:
            _check_where(where, [_look(paths[0], _RECORDS) for paths in files.values()])
        train = _look(files[first][0], _RECORDS, where)
        if config.split is not None and config.split.feature is not None:
            _check_split_feature(config.split.feature, train)
        _check_records(spec, train)
        check_classes(spec.label, train.file, where)
        check_task(spec, train.file)
        if config.split is not None and config.split.by in ("hash", "stratify"):
            _check_windows(config.split.by, train.file, where)
        for split in others:
            _check_same_lengths(spec, train, split, _look(files[split][0], _OTHER_RECORDS, where))
    return {split: len(paths) for split, paths in files.items()}


def first_file(spec: PipelineSpec) -> str | None:
    """Returns the file whose first records tell most: of the train split, or of all.

    Args:
        spec: The spec.

    Returns:
        Its path; None if it holds no tf.Examples.
    """
    config = spec.data.resolve()
    files = config.splits or {"files": config.files or ()}
    return next(iter(files.values()))[0] if config.payload == "tf_example" else None


def _look(file: str, most: int, where: str | None = None) -> _Survey:
    """Reads the first records of a file that are used."""
    seen: dict[str, _Seen] = {}
    records = 0
    for features in first_features(file, most, where):
        records += 1
        for key, feature in features.items():
            found = seen.setdefault(key, _Seen())
            kind = feature.WhichOneof("kind")
            if kind and (length := len(getattr(feature, kind).value)):
                found.add(kind, length)
    return _Survey(file, records, seen)


def _check_where(where: str, surveys: Sequence[_Survey]) -> None:
    """Refuses a condition that does not fit the first records of a file."""
    for survey in filter(lambda survey: survey.records, surveys):
        kinds: dict[str, Kind] = {
            key: _KINDS.get(min(seen.kinds, default=""), "unknown")
            for key, seen in survey.seen.items()
        }
        check_kinds(where, kinds)
        for name in names_of(where):
            if survey.seen[name].high > 1:
                raise FeatureError(
                    f"The feature '{name}', which `where` names, holds {survey.seen[name].count} "
                    f"in the first {survey.records:,} records",
                    survey.file,
                    "Name a feature of one value a record.",
                    name,
                )


def _check_split_feature(key: str, survey: _Survey) -> None:
    """Refuses to divide by a feature that no record has."""
    if survey.records and key not in survey.seen:
        raise FeatureError(
            f"The feature '{key}', by which `data.split` divides, is in none of the first "
            f"{survey.records:,} records",
            survey.file,
            did_you_mean(key, survey.seen),
            key,
        )


def _check_records(spec: PipelineSpec, survey: _Survey) -> None:
    """Compares the spec with the first records of a file."""
    for expected in spec.expectations:
        if survey.records and expected.key not in survey.seen:
            raise FeatureError(
                f"The {expected.role} '{expected.key}' is in none of the first "
                f"{survey.records:,} records",
                survey.file,
                did_you_mean(expected.key, survey.seen),
                expected.key,
            )
        if expected.key in survey.seen:
            _check_feature(expected, survey)


def _check_feature(expected: Expectation, survey: _Survey) -> None:
    """Compares a raw feature with what the spec makes of it."""
    seen = survey.seen[expected.key]
    what = f"The {expected.role} '{expected.key}'"
    if expected.kind == "number" and "bytes_list" in seen.kinds:
        raise FeatureError(
            f"{what} holds text in the first {survey.records:,} records, but numbers are taken",
            survey.file,
            "Use a transform of categories or of text, or mend the data.",
            expected.key,
        )
    if expected.kind == "bytes" and seen.kinds & {"float_list", "int64_list"}:
        raise FeatureError(
            f"{what} holds numbers in the first {survey.records:,} records, but bytes are taken",
            survey.file,
            "Numbers of an image: `transform: [{reshape: {shape: [height, width, channels]}}]`.",
            expected.key,
        )
    if problem := count_problem(seen.count if seen.high else None, expected.values):
        raise FeatureError(
            f"{what} holds {seen.count} in the first {survey.records:,} records, but it takes "
            f"{problem}",
            survey.file,
            HINTS[expected.role, expected.values],
            expected.key,
        )


def _check_windows(by: str, file: str, where: str | None) -> None:
    """Refuses to divide windows that share rows as if they were independent records."""
    last: Any = None
    for features in first_features(file, _OTHER_RECORDS, where):
        if WINDOW_START not in features or WINDOW_END not in features:
            return
        start, end = (scalar(features[name]) for name in (WINDOW_START, WINDOW_END))
        if last is not None and type(start) is type(last) and start <= last <= end:
            raise SpecError(
                f"Two windows that follow each other share rows, and a split by {by} puts such "
                "windows into train and eval",
                file,
                f"Write `split: {{train: 0.8, eval: 0.2, by: time, feature: {WINDOW_START}}}`, or "
                "`by: group` and the feature that names the series.",
            )
        last = end


def _check_same_lengths(spec: PipelineSpec, train: _Survey, split: str, other: _Survey) -> None:
    """Compares the lists of a split with those of the train split."""
    for expected in spec.expectations:
        mine, theirs = train.seen.get(expected.key), other.seen.get(expected.key)
        if expected.role == "slice" or not mine or not theirs or not theirs.high:
            continue
        width = mine.count.width
        if width is not None and width > 1 and theirs.count != mine.count:
            raise FeatureError(
                f"The {expected.role} '{expected.key}' holds {theirs.count} in the {split} split, "
                f"but {mine.count} in the train split",
                other.file,
                "Convert all splits in the same way.",
                expected.key,
            )
