"""What a pipeline is rehearsed on: its first records, and nothing outside."""

from __future__ import annotations

from pathlib import Path

import tfline
from tfline.components.example_gen.tfrecord import read_records
from tfline.pipelines.api.rehearsal import rehearsal
from tfline.pipelines.spec.load import read_spec

SECTIONS = {
    "name": "trips",
    "label": "tip",
    "features": {"z_score": ["fare"]},
    "model": "mlp",
    "push": "models/trips",
    "metadata": {"backend": "mysql", "host": "database.example", "user": "tfline"},
}


def test_first_records_of_each_split_are_taken_and_nothing_is_pushed(
    folder: Path, write_rows
) -> None:
    for name, fares in (("train-1", [1.0, 2.0]), ("train-2", [3.0, 4.0, 5.0]), ("eval", [6.0])):
        write_rows(folder / f"{name}.tfrecord", [{"tip": 1, "fare": fare} for fare in fares])
    pipeline = tfline.Pipeline(
        **SECTIONS, data={"train": "train*.tfrecord", "eval": "eval.tfrecord"}
    )
    spec = read_spec(rehearsal(pipeline.spec, pipeline.document, 3, folder / "few"))
    assert spec.push is None
    assert spec.metadata.backend == "sqlite"
    assert pipeline.spec.push is not None
    counts = {split: len(list(read_records(file))) for split, (file,) in spec.data.patterns.items()}
    assert counts == {"train": 3, "eval": 1}
    assert spec.validation.stop == "never"


def test_only_records_that_are_used_are_taken(folder: Path, write_rows) -> None:
    rows = [{"tip": 1, "fare": float(number)} for number in range(10)]
    write_rows(folder / "all.tfrecord", rows)
    data = {"files": "all.tfrecord", "split": {"train": 0.5, "eval": 0.5}, "where": "fare > 5"}
    pipeline = tfline.Pipeline(**SECTIONS, data=data)
    spec = read_spec(rehearsal(pipeline.spec, pipeline.document, 3, folder / "few"))
    [file] = spec.data.patterns["files"]
    assert len(list(read_records(file))) == 3
    assert spec.data.split == pipeline.spec.data.split
