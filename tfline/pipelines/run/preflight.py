"""Looks at the first records before anything runs, so that a misspelt name costs no minutes."""

from __future__ import annotations

import itertools
from pathlib import Path

from tfline.components.artifacts.owner import Owner, check_owner
from tfline.pipelines.inputs.records import read_features
from tfline.pipelines.spec import PipelineSpec
from tfline.transforms.errors import SpecError, did_you_mean

_RECORDS = 500


def owner_of(spec: PipelineSpec) -> Owner:
    """Returns whose the push folder of a spec has to be."""
    features = {key for feature in spec.features for key in feature.keys}
    return Owner(pipeline=spec.name, label=spec.label.key, features=tuple(sorted(features)))


def check_data(spec: PipelineSpec) -> dict[str, int]:
    """Checks that a spec's raw features occur in its data, and that it may push where it says.

    Args:
        spec: The spec.

    Returns:
        How many files each split has; ``files`` if they are to be split.

    Raises:
        DataError: A pattern matches no file, or the first file holds no tf.Examples.
        SpecError: A name occurs in none of the first records.
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
    first = next(iter(files.values()))[0]
    if config.payload == "tf_example":
        _check_records(spec, first)
    return {split: len(paths) for split, paths in files.items()}


def _check_records(spec: PipelineSpec, file: str) -> None:
    """Compares the spec with the first records of a file."""
    names: set[str] = set()
    count, is_float = 0, False
    for features in itertools.islice(read_features(file), _RECORDS):
        names.update(features)
        is_float |= spec.label.key in features and bool(features[spec.label.key].float_list.value)
        count += 1
    if spec.label.task is None and is_float:
        spec.evaluate.check_task("regression")  # a float is a number to predict
    for expected in spec.expectations:
        if count and expected.key not in names:
            raise SpecError(
                f"The {expected.role} '{expected.key}' is in none of the first {count:,} records",
                file,
                did_you_mean(expected.key, names),
            )
