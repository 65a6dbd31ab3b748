"""The compiled taxi pipeline, run step by step as the backend does; see `conftest.py`."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.artifacts.versions import list_versions
from tfline.components.example_gen.tfrecord import write_records
from tfline.pipelines import cli
from tfline.pipelines.datasets import taxi

pytestmark = pytest.mark.whole

RECORDS = {"train": 1200, "eval": 400}
SETTINGS = (
    "train.epochs=2",
    "evaluate={slices: [payment_type], require: {auc: 0.5}, min_slice_size: 20, baselines: warn}",
)


@dataclasses.dataclass
class Cluster:
    """A volume with data, a launcher of the pipeline that is compiled for it, and its runs."""

    volume: Path
    launcher: Any
    runs: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def versions(self) -> list[Path]:
        return [version.path for version in list_versions(self.volume / "models")]

    def location(self, run: int, task: str, output: str) -> Path:
        artifact = self.runs[run][task].outputs["artifacts"][output]
        return Path(artifact["metadata"]["location"])


def tfline(command: str, *arguments: str, settings: tuple[str, ...]) -> int:
    overrides = [word for setting in settings for word in ("--set", setting)]
    return cli.main([command, "taxi", *arguments, *overrides])


def eval_records(volume: Path) -> list[bytes]:
    [file] = (volume / "data" / "taxi").glob("eval*")
    dataset = tf.data.TFRecordDataset(str(file), buffer_size=1 << 18)
    return list(dataset.as_numpy_iterator())


def probabilities(version: Path, records: list[bytes]) -> np.ndarray:
    model = tf.saved_model.load(str(version))
    outputs = model.signatures["serving_default"](examples=tf.constant(records))
    return np.asarray(outputs["probabilities"])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, make_launcher) -> Cluster:
    """The pipeline, compiled by the real command; its Trainer may be repeated once."""
    folder = tmp_path_factory.mktemp("cluster")
    volume = folder / "volume"
    taxi.write(folder / "all")
    (volume / "data" / "taxi").mkdir(parents=True)
    for split, count in RECORDS.items():
        files = sorted(map(str, (folder / "all").glob(f"{split}*")))
        dataset = tf.data.TFRecordDataset(files, buffer_size=1 << 18).take(count)
        target = volume / "data" / "taxi" / f"{split}-00000-of-00001.tfrecord"
        write_records(target, dataset.as_numpy_iterator())
    kubernetes = f"{{volumes: {{pipeline: {volume}}}, steps: {{Trainer: {{retries: 1}}}}}}"
    file = folder / "taxi.yaml"
    code = tfline(
        "compile",
        *("--image", "registry.example/tfline:0.1.0", "--root", f"{volume}/artifacts"),
        *("--data-root", str(volume), "-o", str(file)),
        settings=(*SETTINGS, f"push={volume}/models", f"kubernetes={kubernetes}"),
    )
    assert code == 0
    return Cluster(volume, make_launcher(file.read_text(), folder / "work"))


@pytest.fixture(scope="module")
def first(cluster: Cluster) -> dict[str, Any]:
    """The first run, whose Trainer is killed after its first epoch."""
    training = cluster.volume / "artifacts" / "taxi" / "training"
    run = cluster.launcher.run(
        kill_when={"trainer": lambda: any(training.glob("*/*"))},
    )
    cluster.runs.append(run)
    return run


@pytest.fixture(scope="module")
def second(cluster: Cluster, first: dict[str, Any]) -> dict[str, Any]:
    """The second run: more training steps, which is a parameter of the run."""
    run = cluster.launcher.run({"steps": 30})
    cluster.runs.append(run)
    return run


def test_first_run_pushes_a_model(cluster: Cluster, first: dict[str, Any]) -> None:
    assert {name: task.log[-2000:] for name, task in first.items() if task.state == "failed"} == {}
    assert {task.state for task in first.values()} == {"succeeded"}
    assert "baseline yet" in first["resolver"].log
    assert first["pusher"].outputs["artifacts"]["pushed_model"]["metadata"]["pushed"] == 1


def test_step_that_was_killed_goes_on_where_it_was(first: dict[str, Any]) -> None:
    assert first["trainer"].attempts == 2
    assert {task.attempts for name, task in first.items() if name != "trainer"} == {1}


def test_predictions_are_those_of_the_local_run(
    cluster: Cluster, first: dict[str, Any], folder: Path
) -> None:
    os.symlink(cluster.volume / "data", folder / "data")
    assert tfline("run", settings=(*SETTINGS, "push=models")) == 0
    [local] = list_versions(folder / "models")
    records = eval_records(cluster.volume)
    np.testing.assert_allclose(
        probabilities(cluster.versions()[0], records),
        probabilities(local.path, records),
        rtol=1e-5,
        atol=1e-6,
    )


def test_second_run_is_compared_with_the_model_of_the_first(
    cluster: Cluster, first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert {task.state for task in second.values()} <= {"succeeded", "cached"}
    number = int(cluster.versions()[0].name)
    assert second["resolver"].outputs["artifacts"]["model"]["metadata"]["version"] == number
    folder = cluster.location(1, "evaluator", "evaluation")
    verdict = json.loads((folder / "verdict.json").read_text())
    assert str(cluster.location(1, "resolver", "model")) in verdict["baseline"]
    assert len(cluster.versions()) == 2


def test_second_run_takes_what_has_not_changed_out_of_the_cache(second: dict[str, Any]) -> None:
    cached = {name for name, task in second.items() if task.state == "cached"}
    assert cached == {
        *("example-gen", "statistics-gen", "schema-gen", "example-validator", "transform")
    }


def test_artifacts_are_in_the_volume_and_nothing_is_copied(
    cluster: Cluster, first: dict[str, Any]
) -> None:
    model = cluster.location(0, "trainer", "model")
    assert model.is_relative_to(cluster.volume / "artifacts")
    assert (model / "Format-Serving" / "saved_model.pb").is_file()
    assert not list((cluster.volume.parent / "work" / "store").rglob("*.pb"))


def test_step_that_fails_says_why_and_the_others_do_not_run(cluster: Cluster) -> None:
    run = cluster.launcher.run({"data_root": "/nowhere"})
    assert run["plan"].state == "failed"
    assert "DataError: The data root cannot be read: No such file" in run["plan"].log
    assert {task.state for name, task in run.items() if name != "plan"} == {"skipped"}
