"""The Trainer against a bare `model.fit`: steps a second on the same model and data.

    python -m benchmarks.training [--from FOLDER] [NAME ...]

For pipelines of the catalog (`series`: gru, `unicode`: text_transformer, and with the folder of
Fashion-MNIST `fashion`: cnn) it writes the data, runs the pipeline for one step, and then trains
in turn by the Trainer's own `run_fn` and by Keras alone, in one process. Bare Keras has its
examples transformed and in memory already, and the same validation after each epoch; the Trainer
also reads, transforms and shuffles, looks for a divergence, and writes checkpoints and logs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.run_fn import run_fn
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.pipelines.spec import PipelineSpec, load_spec

REPEATS = 3
"""How often each way is measured; the median counts."""

EPOCHS = 3
"""Passes over the train split in each measurement; the first one traces the graph."""

TFLINE = str(Path(sys.executable).parent / "tfline")


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", help="folder of the four idx .gz files")
    parser.add_argument("names", nargs="*", help="pipelines of the catalog")
    arguments = parser.parse_args()
    names = arguments.names or ["series", "unicode", *(["fashion"] if arguments.source else [])]
    table = Table("pipeline", "model", "Trainer steps/s", "bare steps/s", "ratio", title="Training")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            spec = load_spec(name, [f"train.epochs={EPOCHS}", "evaluate.require={}"])
            graph = prepare(name, Path(folder), arguments.source)
            ours, bare = measure(spec, graph, Path(folder))
            table.add_row(name, spec.model.name, f"{ours:.1f}", f"{bare:.1f}", f"{ours / bare:.2f}")
    Console().print(table)


def prepare(name: str, work: Path, source: str | None) -> Path:
    """Writes the data of a pipeline and runs it for a step; returns its transform graph."""
    given = ["--from", str(Path(source).resolve())] if name == "fashion" and source else []
    changes = ("train.steps=1", "evaluate.require={}", "push=null")
    overrides = [word for change in changes for word in ("--set", change)]
    for command in (["data", name, *given], ["run", name, *overrides]):
        subprocess.run([TFLINE, *command], cwd=work, check=True, stdout=subprocess.DEVNULL)
    [graph] = work.glob(f".tfline/{name}/artifacts/Transform/transform_graph/*")
    return graph


def measure(spec: PipelineSpec, graph: Path, work: Path) -> tuple[float, float]:
    """Returns the steps a second of the Trainer and of bare Keras, each a median."""
    files = {split: [str(work / pattern) for pattern in spec.data.patterns[split]]
             for split in ("train", "eval")}  # fmt: skip
    examples = {split: load(graph, patterns) for split, patterns in files.items()}
    ours, bare = [], []
    for number in range(REPEATS):
        ours.append(train(spec, graph, files, work / f"{spec.name}-{number}"))
        bare.append(fit(spec, graph, examples))
    return statistics.median(ours), statistics.median(bare)


def train(spec: PipelineSpec, graph: Path, files: Mapping[str, list[str]], folder: Path) -> float:
    """Returns the steps a second that the Trainer notes."""
    config = RunConfig(
        pipeline=spec.name,
        model=spec.model,
        train=spec.train,
        training_fingerprint="benchmark",
        train_state_dir=str(folder / "state"),
    )
    arguments: Any = SimpleNamespace(
        custom_config=config.model_dump(mode="json"),
        transform_output=str(graph),
        train_files=files["train"],
        eval_files=files["eval"],
        model_run_dir=str(folder / "run"),
        serving_model_dir=str(folder / "model"),
        base_model=None,
        hyperparameters=None,
    )
    run_fn(arguments)
    report = json.loads((folder / "run" / "training.json").read_text())
    return float(report["steps"] / report["seconds"])


def fit(spec: PipelineSpec, graph: Path, examples: Mapping[str, tuple[Any, Any]]) -> float:
    """Returns the steps a second of Keras alone."""
    keras.utils.set_random_seed(spec.train.seed + 1)
    transform = TransformGraph(str(graph))
    head = transform.head
    model = build_model(spec.model.name, spec.model.arguments, transform.features, head)
    optimizer = keras.optimizers.get(spec.train.optimizer.name)
    if spec.train.learning_rate is not None:
        optimizer.learning_rate = spec.train.learning_rate
    # Without XLA, as the Trainer: on a CPU it makes convolutions slower.
    model.compile(optimizer, head.loss(), metrics=head.metrics(), jit_compile=False)
    features, label = examples["train"]
    steps = EPOCHS * -(-len(label) // spec.train.batch_size)
    started = time.monotonic()
    model.fit(
        features,
        label,
        batch_size=spec.train.batch_size,
        epochs=EPOCHS,
        validation_data=examples["eval"],
        verbose=0,
    )
    return steps / (time.monotonic() - started)


def load(graph: Path, patterns: list[str]) -> tuple[dict[str, Any], Any]:
    """Returns all transformed examples of some files as NumPy arrays: features and label."""
    files = [file for pattern in patterns for file in sorted(tf.io.gfile.glob(pattern))]
    records = list(tf.data.TFRecordDataset(files).as_numpy_iterator())
    features, label = TransformGraph(str(graph)).labelled(tf.constant(records))
    return {name: tensor.numpy() for name, tensor in features.items()}, label.numpy()


if __name__ == "__main__":
    main()
