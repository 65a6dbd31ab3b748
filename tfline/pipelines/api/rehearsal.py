"""A pipeline on its first records alone, to see whether all of it goes through."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from pathlib import Path

from tfline.components.example_gen.tfrecord import read_records, write_records
from tfline.pipelines.inputs.records import first_records
from tfline.pipelines.spec import PipelineSpec
from tfline.pipelines.spec.document import Document

_LEFT_OUT = ("push", "tune", "beam", "metadata", "kubernetes")
"""What a rehearsal does without: it changes nothing outside, and ends soon."""

_SOURCE = "rehearsal"


def rehearsal(spec: PipelineSpec, document: Document, records: int, folder: Path) -> Document:
    """Writes the first records of a pipeline's data; returns the spec that reads them.

    Args:
        spec: The pipeline.
        document: As it was written; stays as it is.
        records: How many of each split, or of the files to be split.
        folder: Where the records go; made if it is not there.

    Raises:
        DataError: A file cannot be read.
    """
    config = spec.data.resolve()
    shortened = copy.deepcopy(document)
    for section in _LEFT_OUT:
        shortened.data.pop(section, None)
    shortened.data["data"].pop("span", None)
    folder.mkdir(parents=True, exist_ok=True)
    for split, files in (config.splits or {"files": config.files or ()}).items():
        path = folder / f"{split}.tfrecord"
        where = config.where if config.payload == "tf_example" else None
        write_records(path, _first(files, records, where))
        shortened.set(("data", split), str(path), _SOURCE)
    # So few records are not what the data is like.
    shortened.change({"validation": {"stop": "never"}}, _SOURCE)
    return shortened


def _first(files: Sequence[str], most: int, where: str | None) -> list[bytes]:
    if where is None:
        every = itertools.chain.from_iterable(map(read_records, files))
        return list(itertools.islice(every, most))
    used = (record for file in files for record in first_records(file, most, where))
    return list(itertools.islice(used, most))
