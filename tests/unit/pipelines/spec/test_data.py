"""Where the records are: patterns become files, and each file is in one split."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.components.example_gen.config import SplitRule
from tfline.pipelines.spec.data import DataSpec
from tfline.transforms.errors import DataError


def test_split_fractions_read_alone_and_beside_a_rule() -> None:
    alone = DataSpec.model_validate({"files": "*.tfrecord", "split": {"train": 0.8, "eval": 0.2}})
    assert alone.split == SplitRule(fractions={"train": 0.8, "eval": 0.2})
    grouped = {"train": 0.5, "eval": 0.5, "by": "group", "feature": "user", "seed": 3}
    beside = DataSpec.model_validate({"files": "*.tfrecord", "split": grouped})
    assert beside.split == SplitRule(
        fractions={"train": 0.5, "eval": 0.5}, by="group", feature="user", seed=3
    )


def test_patterns_are_resolved_to_sorted_absolute_files(folder: Path) -> None:
    for name in ("b.tfrecord", "a.tfrecord", "e.tfrecord"):
        (folder / name).touch()
    data = DataSpec.model_validate({"train": ["[ab].tfrecord", "a.tfrecord"], "eval": "e*"})
    resolved = data.resolve()
    assert resolved.splits == {
        "train": (str(folder / "a.tfrecord"), str(folder / "b.tfrecord")),
        "eval": (str(folder / "e.tfrecord"),),
    }


def test_split_that_is_held_out_of_train_is_given_as_files_or_made(folder: Path) -> None:
    for name in ("a.tfrecord", "b.tfrecord", "e.tfrecord"):
        (folder / name).touch()
    given = DataSpec.model_validate({"train": "a*", "train_dev": "b*", "eval": "e*"}).resolve()
    assert given.split_names == ["train", "train_dev", "eval"]
    shares = {"train": 0.6, "train_dev": 0.2, "eval": 0.2}
    made = DataSpec.model_validate({"files": "*", "split": shares}).resolve()
    assert made.split_names == ["train", "train_dev", "eval"]
    with pytest.raises(ValueError, match="not both"):
        DataSpec.model_validate({"files": "*", "train_dev": "b*"})


def test_pattern_without_a_file_is_refused(folder: Path) -> None:
    data = DataSpec.model_validate({"train": "none*", "eval": "none*"})
    with pytest.raises(DataError, match=r"No file matches the pattern 'none\*'"):
        data.resolve()


def test_uri_is_refused_with_what_to_do(folder: Path) -> None:
    data = DataSpec.model_validate({"train": "gs://bucket/train*", "eval": "none*"})
    with pytest.raises(DataError, match="'gs://bucket/train\\*' is a URI") as caught:
        data.resolve()
    assert "--data-root" in caught.value.hint


def test_files_are_split_by_hash_unless_told_otherwise(folder: Path) -> None:
    (folder / "a.tfrecord").touch()
    resolved = DataSpec.model_validate({"files": "a.tfrecord"}).resolve()
    assert resolved.split == SplitRule(fractions={"train": 0.8, "eval": 0.2})
