"""The work of ExampleGen: reads its config, fills the artifact, says how much there is."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact, artifact_utils

from tfline.components.example_gen.artifact import describe, split_folder
from tfline.components.example_gen.choosing import chosen_records
from tfline.components.example_gen.column import record_fingerprints
from tfline.components.example_gen.config import IngestConfig
from tfline.components.example_gen.ingest import ingest_split
from tfline.components.example_gen.inspection import RecordFile, inspect_file
from tfline.components.example_gen.sequences import flatten_files
from tfline.components.example_gen.split import divide_files
from tfline.transforms.errors import WorkFolderError

_MEGABYTE = 10**6

_summary = logging.getLogger("tfline.summary")
_warning = logging.getLogger("tfline.warning")


class Executor(base_executor.BaseExecutor):
    """Fills an ``Examples`` artifact with verified records."""

    def Do(  # noqa: N802 - the name is TFX's
        self,
        input_dict: dict[str, list[artifact.Artifact]],
        output_dict: dict[str, list[artifact.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Brings the files that the config names into the artifact ``examples``.

        Args:
            input_dict: Empty.
            output_dict: ``examples``: where the splits go.
            exec_properties: ``config``: an `IngestConfig` as JSON.

        Raises:
            DataError: The data cannot be used; the artifact's folder is then left empty.
            WorkFolderError: There is no space left; likewise.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = IngestConfig.model_validate_json(exec_properties["config"])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        choice = os.path.join(examples.uri, "chosen")
        with (
            _emptied_on_failure(examples.uri),
            chosen_records(config, choice) as (chosen, not_chosen),
        ):
            counts, left_out = _fill(examples, chosen)
            if config.payload == "tf_sequence_example":
                for name in counts:
                    flatten_files(split_folder(examples, name))
            repeated = count_repeated(examples.uri, counts) if config.splits else {}
        describe(examples, counts, left_out, repeated, not_chosen)
        _summarise(examples, counts, left_out, not_chosen)
        for name, count in repeated.items():
            _warning.info(
                "%s of %s records of the %s split stand in the train split, too",
                f"{count:,}", f"{counts[name]:,}", name,
            )  # fmt: skip


def _fill(examples: artifact.Artifact, config: IngestConfig) -> tuple[dict[str, int], int]:
    """Writes the splits; returns the number of records of each, and of those in none."""
    if config.files is not None and config.split is not None:
        folders = {name: split_folder(examples, name) for name in config.split.fractions}
        return divide_files(config.files, folders, config.payload, config.split)
    given = {
        name: ingest_split(paths, split_folder(examples, name), config.payload, config.ingest)
        for name, paths in (config.splits or {}).items()
    }
    return given, 0


def count_repeated(folder: str, splits: Collection[str]) -> dict[str, int]:
    """Returns how many records of each other split are in the train split, too, byte by byte.

    Args:
        folder: Of an ``Examples`` artifact, whose splits are given: a rule that divides records
            never puts equal ones into two splits.
        splits: Their names.

    Returns:
        Split to number; splits without such a record are not in it.
    """
    others = [name for name in splits if name != "train"]
    if "train" not in splits or not others:
        return {}
    fingerprints = {
        name: record_fingerprints(_placed_files(os.path.join(folder, f"Split-{name}")))
        for name in ("train", *others)
    }
    found = {name: int(np.isin(fingerprints[name], fingerprints["train"]).sum()) for name in others}
    return {name: count for name, count in found.items() if count}


def _placed_files(folder: str) -> list[RecordFile]:
    """Returns the files of a split, as they are in the artifact: tf.Examples."""
    paths = sorted(fileio.glob(os.path.join(folder, "*")))
    return [inspect_file(path, "tf_example") for path in paths]


@contextlib.contextmanager
def _emptied_on_failure(folder: str) -> Iterator[None]:
    """Removes what the block has put into `folder`, if it fails: half a data set is none."""
    try:
        yield
    except BaseException as exc:
        if fileio.exists(folder):
            for name in fileio.listdir(folder):
                fileio.rmtree(os.path.join(folder, os.fsdecode(name)))
        if isinstance(exc, tf.errors.ResourceExhaustedError):
            raise WorkFolderError(
                "There is no space left for the data.",
                where=folder,
                hint="Make room, or let `ingest: link` link the files instead of copying them.",
            ) from exc
        raise


def _summarise(
    examples: artifact.Artifact, counts: Mapping[str, int], left_out: int, not_chosen: int
) -> None:
    """Logs for example ``60,000 train, 10,000 eval records, 58.7 MB``."""
    size = sum(
        tf.io.gfile.stat(path).length
        for name in counts
        for path in fileio.glob(os.path.join(split_folder(examples, name), "*"))
    )
    by_split = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    embargoed = f", {left_out:,} between the splits left out" if left_out else ""
    refused = f", {not_chosen:,} left out by `where`" if not_chosen else ""
    _summary.info("%s records, %.1f MB%s%s", by_split, size / _MEGABYTE, embargoed, refused)
