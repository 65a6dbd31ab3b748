"""How often the truth is within the intervals and the sets of classes of a model.

    python -m benchmarks.coverage [taxi housing digits] [--splits 50] [--level 0.9] [--set K=V]

Each pipeline of the catalog is run once, in a folder of its own; its data has to be in ``data/``.
Its eval records, which the model has not learnt from, are then divided in halves, again and again:
one half calibrates, the other is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

import tfline
from tfline.components.artifacts.saved_model import load_saved_model
from tfline.components.evaluator.reading.model import read_card
from tfline.components.trainer.conformal.bounds import Bounds, ClassSet, Outputs, Residual
from tfline.components.trainer.conformal.quantile import quantiles_by_group
from tfline.components.trainer.splits import read_records
from tfline.metrics.arrays import Array, Floats

BATCH = 512


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a line a pipeline."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pipelines", nargs="*", default=["taxi", "housing", "digits"])
    parser.add_argument("--splits", type=int, default=50)
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args(arguments)
    table = Table("pipeline", "records", "asked", "covered", "of single splits", "size")
    for name in given.pipelines:
        with trained(name, given.set) as (model, files):
            covered, sizes, records = measure(model, files, given.splits, given.level)
        table.add_row(
            name,
            f"{records:,}",
            f"{given.level:g}",
            f"{covered.mean():.4f}",
            f"{covered.min():.3f} to {covered.max():.3f}",
            f"{sizes.mean():.4g}",
        )
    Console().print(table)


@contextlib.contextmanager
def trained(name: str, overrides: Sequence[str]) -> Iterator[tuple[Path, list[Path]]]:
    """Yields the model of a run of a pipeline, and the files of its eval split."""
    with tempfile.TemporaryDirectory() as folder:
        unpushed = {"push": None, "evaluate": {"baselines": "off"}}
        run = tfline.Pipeline.load(name, overrides, work=folder, **unpushed).run(progress=False)
        model = run.output("Trainer", "model") / "Format-Serving"
        examples = run.output("ExampleGen", "examples") / "Split-eval"
        yield model, sorted(path for path in examples.iterdir() if path.is_file())


def measure(
    folder: Path, files: Sequence[Path], splits: int, level: float
) -> tuple[Floats, Floats, int]:
    """Returns what is covered in each split, the mean size in each, and the number of records."""
    outputs, labels = _answers(folder, files)
    bounds: Bounds = ClassSet() if read_card(str(folder)).classes else Residual("number")
    scores = bounds.scores(_tensors(outputs), tf.constant(labels)).numpy()
    covered, sizes = [], []
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(labels))
        seen, new = np.array_split(order, 2)
        ones = np.ones(len(seen))
        quantiles, _ = quantiles_by_group(scores[seen].astype(np.float64), ones, level, None)
        quantile = tf.constant(quantiles[:1], tf.float32)
        told = bounds.within(_tensors({k: v[new] for k, v in outputs.items()}), quantile)
        found = {key: value.numpy() for key, value in told.items()}
        if "lower" in found:
            within = (found["lower"] <= labels[new]) & (labels[new] <= found["upper"])
            size = (found["upper"] - found["lower"]).mean()
        else:
            within = found["prediction_set"][np.arange(len(new)), labels[new]] == 1
            size = found["prediction_set"].sum(axis=1).mean()
        covered.append(float(within.mean()))
        sizes.append(float(size))
    return np.array(covered), np.array(sizes), len(labels)


def _tensors(outputs: dict[str, Array]) -> Outputs:
    return {key: tf.constant(value) for key, value in outputs.items()}


def _answers(folder: Path, files: Sequence[Path]) -> tuple[dict[str, Array], Array]:
    """Returns the numbers or probabilities of all records with a label, and their labels."""
    signatures = load_saved_model(str(folder)).signatures
    records = read_records(tf.constant([str(file) for file in files]))
    found: dict[str, list[Array]] = {}
    labels: list[Array] = []
    for examples in records.batch(BATCH):
        label = signatures["transform_label"](examples=examples)["label"].numpy()
        known = np.isfinite(label) if label.dtype.kind == "f" else label >= 0
        labels.append(label[known])
        for key, value in signatures["serving_default"](examples=examples).items():
            if key in ("prediction", "probabilities"):
                found.setdefault(key, []).append(value.numpy()[known])
    return {key: np.concatenate(parts) for key, parts in found.items()}, np.concatenate(labels)


if __name__ == "__main__":
    main()
