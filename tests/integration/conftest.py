"""A small pipeline in a folder of its own, run in this process by the real command line."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tfline.components.artifacts.versions import list_versions
from tfline.pipelines import cli
from tfline.pipelines.run.records import RunRecord, list_runs
from tfline.pipelines.run.work_folder import WorkFolder, default_work_folder

SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: tip
features: {z_score: [fare], one_hot: [day]}
model: {mlp: {hidden_units: [4]}}
train: {epochs: 2, batch_size: 32, learning_rate: 0.1}
evaluate: {slices: [day], require: {accuracy: 0.6}, min_slice_size: 20, baselines: warn}
push: models/trips
"""

Row = dict[str, Any]


def make_rows(count: int, seed: int) -> list[Row]:
    """Returns rides whose tip can be learnt from the fare."""
    chance = random.Random(seed)
    fares = [chance.random() for _ in range(count)]
    return [
        {"tip": int(fare > 0.5), "fare": 10 * fare, "day": chance.choice(["monday", "sunday"])}
        for fare in fares
    ]


class Project:
    """A folder with a spec and its data.

    Args:
        folder: The current folder while commands run.
        write_rows: Writes rows as tf.Examples.

    Attributes:
        rows: The good rows, by split.
    """

    def __init__(self, folder: Path, write_rows: Callable[..., Path]) -> None:
        self.folder = folder
        self.work = WorkFolder(folder / default_work_folder("trips"))
        self._write_rows = write_rows
        (folder / "spec.yaml").write_text(SPEC)
        self.rows = {"train": make_rows(160, seed=1), "eval": make_rows(80, seed=2)}
        for split, rows in self.rows.items():
            self.write(split, rows)

    def move(self) -> None:
        """Moves the project, and all that it has made, to another folder."""
        self.folder = self.folder.rename(self.folder.with_name(f"{self.folder.name}-moved"))
        self.work = WorkFolder(self.folder / default_work_folder("trips"))

    def write(self, split: str, rows: list[Row]) -> Path:
        """Writes the records of a split."""
        return self._write_rows(self.folder / f"{split}.tfrecord", rows)

    def tfline(self, command: str, *arguments: str) -> int:
        """Runs a command on the spec and returns its exit code, as a new process would."""
        before = set(sys.modules)
        path = [*sys.path]
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(self.folder)
                return cli.main([command, *arguments])
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - before:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(self.folder)):
                    del sys.modules[name]

    def run(self, **changes: object) -> int:
        """Runs the pipeline with overrides, `a__b` standing for ``a.b``."""
        overrides = [f"{key.replace('__', '.')}={value}" for key, value in changes.items()]
        return self.tfline("run", "spec.yaml", *(part for o in overrides for part in ("--set", o)))

    @property
    def records(self) -> list[RunRecord]:
        """The runs, the oldest first."""
        return list_runs(self.work.runs)

    def executed(self) -> list[str]:
        """The components that the last run executed."""
        return [name for name, record in self.records[-1].components.items() if not record.cached]

    def versions(self) -> list[int]:
        """The versions that are pushed."""
        return [version.number for version in list_versions(self.folder / "models" / "trips")]

    def output(self, component: str, channel: str) -> Path:
        """The folder of an artifact of the last run."""
        folder = self.records[-1].output(component, channel)
        if folder is None:
            pytest.fail(f"{component} has no {channel}")
        return folder

    def artifacts(self) -> Mapping[str, set[int]]:
        """The executions whose outputs are on disk, by component."""
        found: dict[str, set[int]] = {}
        for path in self.work.artifacts.glob("*/*/*"):
            if path.name.isdigit():
                found.setdefault(path.parts[-3], set()).add(int(path.name))
        return found


MakeProject = Callable[[], Project]


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory, write_rows) -> MakeProject:
    """Makes projects."""
    return lambda: Project(tmp_path_factory.mktemp("project"), write_rows)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """A project that has not run."""
    return make_project()


@pytest.fixture(scope="session")
def finished(make_project: MakeProject) -> Iterator[Project]:
    """A project that has run once, not to be changed."""
    project = make_project()
    if project.run() != 0:
        pytest.fail(project.records[-1].error)
    yield project
    assert len(project.records) == 1
