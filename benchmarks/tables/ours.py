"""What tfline makes of a table: by `init --budget`, and each model of its own with its defaults."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np

from benchmarks.tables.sources import Table
from tfline.components.example_gen.tfrecord import read_records, write_records
from tfline.components.trainer.data import load_data
from tfline.components.trainer.losses import with_link
from tfline.components.trainer.measuring import Measure, measured
from tfline.components.trainer.run_fn import prepare
from tfline.components.trainer.sources import Source
from tfline.components.trainer.splits import survey
from tfline.components.trainer.training import train_model
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.pipelines.api.pipeline import Pipeline
from tfline.pipelines.commands.prepared import Prepared, prepared_pipeline
from tfline.pipelines.datasets.convert import convert_rows
from tfline.pipelines.init.beginning import begin
from tfline.pipelines.init.candidates import CANDIDATES, Candidate
from tfline.pipelines.init.drafting import Draft
from tfline.pipelines.init.search import search, sections_of
from tfline.pipelines.init.source import open_source

NETWORKS = ("mlp", "wide_deep", "residual_mlp", "tabular_transformer")
"""The networks for tables, with their defaults."""


@dataclasses.dataclass(frozen=True)
class Reached:
    """What a model reaches on records that it has not seen.

    Attributes:
        model: The contender.
        value: Of the metric.
        seconds: How long it took from the records to the trained model.
        chosen: The model that was chosen, for `init --budget`.
    """

    model: str
    value: float
    seconds: float
    chosen: str = ""


def write_parts(table: Table, held_out: np.ndarray, folder: Path) -> None:
    """Writes ``train.tfrecord`` and ``test.tfrecord``, and Parquet files for the peers."""
    whole = folder / "whole.tfrecord"
    rows = open_source(table.frame).rows
    if rows is None:
        raise ValueError("A frame has rows.")
    convert_rows(rows(), whole, table.name)
    records = list(read_records(str(whole)))
    for part, chosen in (("train", ~held_out), ("test", held_out)):
        write_records(folder / f"{part}.tfrecord", (records[i] for i in np.flatnonzero(chosen)))
        table.frame[chosen].to_parquet(folder / f"{part}.parquet")
    whole.unlink()


def contend(
    table: Table, folder: Path, budget: float, candidates: Iterable[Candidate]
) -> Iterator[Reached]:
    """Yields what each candidate reaches, then the model that `init` finds in the budget.

    Args:
        table: The table, whose parts are in the folder.
        folder: The current folder, where `init` writes.
        budget: Seconds for comparing models; 0: `init` compares none, and is left out.
        candidates: Models with their settings.
    """
    beginning = begin("train.tfrecord", label=table.label, output=Path("table.yaml"), force=True)
    test = str(folder / "test.tfrecord")
    for candidate in candidates:
        if candidate.needs and not candidate.needs & set(beginning.draft.kept.values()):
            continue
        began = time.perf_counter()
        value = reached(beginning.draft, candidate, test, table.metric)
        yield Reached(candidate.name, value, time.perf_counter() - began)
    if budget:
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            best = search(beginning, budget)
        value = reached(best.draft, best.candidate, test, table.metric)
        seconds = time.perf_counter() - began
        yield Reached("init --budget", value, seconds, best.candidate.title)


def defaults() -> list[Candidate]:
    """Returns boosted trees and the networks, each as `init` writes it first."""
    first = {candidate.name: candidate for candidate in reversed(CANDIDATES["table"])}
    return [first[name] for name in ("boosted_trees", *NETWORKS)]


def reached(draft: Draft, candidate: Candidate, test: str, metric: str) -> float:
    """Trains a model as the Trainer does, and returns its metric on other records."""
    pipeline = Pipeline(**sections_of(draft, candidate))
    with contextlib.redirect_stdout(io.StringIO()), prepared_pipeline(pipeline, "tables") as data:
        return _trained(data, test, metric)


def _trained(data: Prepared, test: str, metric: str) -> float:
    evaluation = str(Path(data.train_files[0]).parent.with_name("Split-eval") / "*")
    graph, train = TransformGraph(data.transform_graph), data.config.train
    keras.backend.clear_session()
    keras.utils.set_random_seed(train.seed + 1)
    with tempfile.TemporaryDirectory() as scratch:
        examples = load_data(data.train_files, [evaluation], graph, train, scratch)
        head = with_link(graph.head, train.loss)
        model = prepare(data.config, graph, head, examples)
        settings = train.model_copy(update={"tensorboard": False})
        train_model(model, head, examples, settings)
        records = Source.of(survey("test", [test], graph), graph, train, 1, scratch)
        config = data.config.model_copy(update={"train": settings})
        measure = Measure((metric,), data.spec.evaluate.threshold, None, None)
        return measured(config, graph, model, head, records, measure)[metric]
