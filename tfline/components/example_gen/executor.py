"""The work of ExampleGen: reads its config, fills the artifact, says how much there is."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact, artifact_utils

from tfline.components.example_gen.artifact import describe, split_folder
from tfline.components.example_gen.config import IngestConfig
from tfline.components.example_gen.ingest import ingest_split
from tfline.components.example_gen.sequences import flatten_files
from tfline.components.example_gen.split import divide_files
from tfline.transforms.errors import WorkFolderError

_MEGABYTE = 10**6


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
        with _emptied_on_failure(examples.uri):
            counts = _fill(examples, config)
            if config.payload == "tf_sequence_example":
                for name in counts:
                    flatten_files(split_folder(examples, name))
        describe(examples, counts)
        _summarise(examples, counts)


def _fill(examples: artifact.Artifact, config: IngestConfig) -> dict[str, int]:
    """Writes the splits and returns the number of records of each."""
    if config.files is not None and config.split is not None:
        folders = {name: split_folder(examples, name) for name in config.split.fractions}
        return divide_files(config.files, folders, config.payload, config.split)
    return {
        name: ingest_split(paths, split_folder(examples, name), config.payload, config.ingest)
        for name, paths in (config.splits or {}).items()
    }


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


def _summarise(examples: artifact.Artifact, counts: Mapping[str, int]) -> None:
    """Logs for example ``60,000 train, 10,000 eval records, 58.7 MB``."""
    size = sum(
        tf.io.gfile.stat(path).length
        for name in counts
        for path in fileio.glob(os.path.join(split_folder(examples, name), "*"))
    )
    by_split = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    logging.getLogger("tfline.summary").info("%s records, %.1f MB", by_split, size / _MEGABYTE)
