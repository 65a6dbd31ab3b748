"""Data and artifacts in an object store: the launcher copies, and bytes decide about the cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from components.example_gen.tfrecord import read_records
from pipelines.document import read_document
from pipelines.runners.kubeflow.acceptance import check_accepted
from pipelines.runners.kubeflow.compiler import compile_pipeline
from pipelines.runners.kubeflow.target import Target, check_target
from pipelines.spec import load_spec

pytestmark = pytest.mark.slow

ROOT, DATA_ROOT = "s3://bucket/pipelines", "s3://bucket/trips"
FIRST_STEPS = ("data", "plan", "example-gen")
VOLUME = "kubernetes={volumes: {models: /models}}"


def states(run: dict[str, Any]) -> list[str]:
    return [run[name].state for name in FIRST_STEPS]


def test_data_is_imported_and_read_again_only_if_its_bytes_change(project, make_launcher) -> None:
    folder: Path = project.folder
    settings = [VOLUME, "push=/models/trips"]
    spec = load_spec(str(folder / "spec.yaml"), settings)
    target = Target("registry.example/tfline:0.1.0", ROOT, DATA_ROOT)
    check_target(spec, target)
    text = compile_pipeline(spec, read_document(folder / "spec.yaml", settings), target)
    check_accepted(text, "trips.yaml")
    launcher = make_launcher(text, folder / "work")
    stored = folder / "work" / "store" / "s3" / "bucket" / "trips"
    stored.mkdir(parents=True)
    for split in ("train", "eval"):
        (folder / f"{split}.tfrecord").rename(stored / f"{split}.tfrecord")

    first = launcher.run(only=FIRST_STEPS)
    assert states(first) == ["succeeded"] * 3, first["plan"].log + first["example-gen"].log
    examples = first["example-gen"].outputs["artifacts"]["examples"]
    assert examples["uri"].startswith(f"{ROOT}/trips/")
    copied = folder / "work" / "store" / examples["uri"].replace("://", "/")
    [shard] = (copied / "Split-train").iterdir()
    assert len(list(read_records(str(shard)))) == len(project.rows["train"])

    for file in stored.iterdir():  # the copies of the next run have other times
        os.utime(file, (1, 1))
    assert states(launcher.run(only=FIRST_STEPS)) == ["succeeded", "succeeded", "cached"]
    project.write("train", project.rows["train"][:-1]).rename(stored / "train.tfrecord")
    assert states(launcher.run(only=FIRST_STEPS)) == ["succeeded"] * 3
