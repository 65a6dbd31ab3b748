"""`tfline.init`: a pipeline for data, without a spec."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.pipelines.api.pipeline import Pipeline

if TYPE_CHECKING:
    import pandas as pd


def init(
    data: str | os.PathLike[str] | pd.DataFrame,
    *,
    label: str | None = None,
    spec: str | os.PathLike[str] | None = None,
    budget: str | None = None,
    force: bool = False,
) -> Pipeline:
    """Writes a spec for data, as `tfline init` does, and returns its pipeline.

    Example:
        pipeline = tfline.init(frame, label="tip", spec="trips.yaml")
        run = pipeline.run()

    Args:
        data: A pandas DataFrame; or a CSV or Parquet file, TFRecords, a folder of pictures, a text
            file, or a pattern of files. What is no TFRecord is written into
            ``data/NAME.tfrecord``.
        label: The column to predict; left out: guessed, and the spec says how.
        spec: The file of the spec; left out: the name of the data with ``.yaml``, in the current
            folder.
        budget: Compare models for so long, as ``10m``, and keep the best; left out: the default
            model is taken.
        force: Whether files that are there already are written over.

    Raises:
        DataError: The data cannot be read, or there is nothing to learn from it.
        SpecError: A file to be written is there already, or the budget is no time.
    """
    from tfline.pipelines.init.beginning import begin
    from tfline.pipelines.init.budget import read_budget

    seconds = None if budget is None else read_budget(budget)
    beginning = begin(data, label=label, output=None if spec is None else Path(spec), force=force)
    if seconds is not None:
        from tfline.pipelines.init.search import search

        beginning = search(beginning, seconds)
    return Pipeline.load(beginning.spec)
