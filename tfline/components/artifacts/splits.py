"""The splits of the artifact of ExampleGen: which one judges a model, and their files."""

from __future__ import annotations

import os

from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tfline.transforms.errors import DataError

JUDGED = ("test", "eval")
"""The split that a model is judged by: the first of these that there is."""

TRAIN_DEV = "train_dev"
"""The split that is held out of the train split's own data: it is measured, and nothing else."""

SELECTION = "eval"
"""The split that a threshold is chosen on; early stopping and the Tuner look at it, too."""


def judged_split(examples: list[types.Artifact]) -> str:
    """Returns the split that a model is judged by: ``test`` if there is one, else ``eval``.

    Training stops, settings are searched and a threshold is chosen by the eval split, so what is
    measured there flatters a model a little; a test split has seen none of it.
    """
    splits = artifact_utils.decode_split_names(
        artifact_utils.get_single_instance(examples).split_names
    )
    return next(split for split in JUDGED if split in splits or split == SELECTION)


def split_files(examples: list[types.Artifact], split: str) -> list[str]:
    """Returns the TFRecord files of a split."""
    files = [
        os.path.join(uri, name)
        for uri in artifact_utils.get_split_uris(examples, split)
        for name in sorted(map(str, fileio.listdir(uri)))
        if not name.startswith((".", "_"))
    ]
    if not files:
        raise DataError(
            f"The {split} split has no files.",
            where=", ".join(artifact.uri for artifact in examples),
        )
    return files


def compression(file: str) -> str:
    """Returns what TensorFlow calls the compression of a TFRecord file; empty: it has none."""
    with fileio.open(file, "rb") as stream:
        return "GZIP" if stream.read(2) == b"\x1f\x8b" else ""
