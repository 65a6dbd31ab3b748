"""A run that is killed goes on after its last finished component, and ends with the same result."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.checkpoints import FILE_NAME as STATE

pytestmark = pytest.mark.whole

KILLED_RUN = """\
import importlib, os, signal, sys
from tfline.pipelines import cli

module, path, calls = sys.argv[1], sys.argv[2].split("."), int(sys.argv[3])
owner = importlib.import_module(module)
for name in path[:-1]:
    owner = getattr(owner, name)
function = getattr(owner, path[-1])
count = 0

def call_or_die(*args, **kwargs):
    global count
    count += 1
    if count == calls:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*args, **kwargs)

setattr(owner, path[-1], call_or_die)
cli.main(["run", "spec.yaml"])
"""
"""Runs the pipeline in a process that kills itself at the n-th call of a function."""


def run_until_killed(project, module: str, function: str, calls: int = 1) -> None:
    command = [sys.executable, "-c", KILLED_RUN, module, function, str(calls)]
    done = subprocess.run(
        command, cwd=project.folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def verdict(project) -> dict[str, object]:
    folder: Path = project.output("Evaluator", "evaluation")
    content: dict[str, object] = json.loads((folder / "verdict.json").read_text())
    return {key: content[key] for key in ("blessed", "slices", "rules")}


def weights(project) -> dict[str, np.ndarray]:
    """Returns the numbers in the variables of the trained model."""
    folder: Path = project.output("Trainer", "model")
    [index] = (folder / "Format-Serving").rglob("variables.index")
    reader = tf.train.load_checkpoint(str(index.with_suffix("")))
    types = reader.get_variable_to_dtype_map()
    return {name: reader.get_tensor(name) for name in types if types[name] == tf.float32}


def test_run_killed_in_one_component_after_another_ends_like_one_that_was_not(
    make_project, finished
) -> None:
    """One story of five processes: each run is killed later than the one before."""
    project = make_project()

    # In Transform, with the graph written and its description missing.
    run_until_killed(project, "tfline.components.transform.executor", "describe_features")
    [record] = project.records
    assert record.status == "running"
    assert list(record.components)[-1] == "ExampleValidator"
    [half_written] = project.artifacts()["Transform"]

    # In Trainer, in the middle of the second epoch (5 steps each).
    run_until_killed(
        project, "tfline.components.trainer.callbacks", "LastStep.on_train_batch_end", calls=8
    )
    assert project.executed() == ["Transform", "Resolver"]
    assert half_written not in project.artifacts()["Transform"]
    [state] = project.work.training.rglob(STATE)
    assert json.loads(str(np.load(state)["header"]))["epoch"] == 1

    # In Evaluator, before the verdict is written.
    run_until_killed(project, "tfline.components.evaluator.executor", "write_verdict")
    assert project.executed() == ["Trainer"]
    assert not project.work.training.exists() or not [*project.work.training.rglob(STATE)]
    assert not [*project.work.artifacts.rglob("verdict.json")]

    # In Pusher, with the model staged beside the versions.
    run_until_killed(project, "tfline.components.pusher.folder", "flush_tree")
    assert project.executed() == ["Evaluator"]
    assert project.versions() == []
    staging = project.folder / "models" / "trips" / ".push" / "staging"
    assert [*staging.glob("*/*/saved_model.pb")]

    assert project.run() == 0
    assert project.executed() == ["Pusher"]
    assert len(project.versions()) == 1
    assert not [*staging.iterdir()]
    assert [run.status for run in project.records] == ["killed"] * 4 + ["complete"]
    assert [run.resumes.rpartition(" ")[2] for run in project.records] == [
        "", "Transform", "Trainer", "Evaluator", "Pusher",
    ]  # fmt: skip

    # Every folder on disk belongs to an execution that has finished.
    uris = [uri for run in project.records for c in run.components.values()
            for uri in c.outputs.values()]  # fmt: skip
    assert {number for numbers in project.artifacts().values() for number in numbers} == {
        int(Path(uri).name) for uri in uris
    }

    assert verdict(project) == verdict(finished)
    resumed, uninterrupted = weights(project), weights(finished)
    assert resumed.keys() == uninterrupted.keys() != set()
    for name, expected in uninterrupted.items():  # threads add up in any order: the last bits vary
        np.testing.assert_allclose(resumed[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)
    assert project.run() == 0
    assert len(project.records) == 5  # nothing is left to do
