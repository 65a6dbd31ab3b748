"""What is kept of earlier runs, and what may go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import METADATA
from tfline.pipelines.run.garbage import find_garbage, remove
from tfline.pipelines.run.records import ComponentRecord, RunRecord, list_runs
from tfline.pipelines.run.work_folder import WorkFolder


def run_id(number: int) -> str:
    return f"20260101-00000{number}-000000"


@pytest.fixture
def work(tmp_path: Path) -> WorkFolder:
    """Six runs: the second is blessed and pushed, the fourth blessed, the last one was killed.

    They share one ExampleGen; each has a model, a log and a page of its own.
    """
    folder = WorkFolder(tmp_path / "work")
    with folder.locked():
        pass
    folder.reports.mkdir()
    for number in range(1, 7):
        examples = folder.artifacts / "ExampleGen" / "examples" / "1"
        model = folder.artifacts / "Trainer" / "model" / str(10 + number)
        blessing = folder.artifacts / "Evaluator" / "blessing" / str(20 + number)
        system = folder.artifacts / "Trainer" / ".system" / "executor_execution" / str(10 + number)
        for path in (examples, model / "Format-Serving" / "assets.extra", blessing, system):
            path.mkdir(parents=True, exist_ok=True)
        write_model(model / "Format-Serving", f"model {number}")
        (blessing / ("BLESSED" if number in (2, 4) else "NOT_BLESSED")).touch()
        RunRecord(
            id=run_id(number),
            pipeline="trips",
            status="running" if number == 6 else "complete",
            parts={},
            components={
                name: ComponentRecord(seconds=1, cached=False, outputs={channel: str(uri)})
                for name, channel, uri in (
                    ("ExampleGen", "examples", examples),
                    ("Trainer", "model", model),
                    ("Evaluator", "blessing", blessing),
                )
            },
        ).write(folder.runs)
        folder.log(run_id(number)).write_text("x" * 100)
        folder.report(run_id(number)).write_text("page")
    write_model(tmp_path / "models" / "7", "model 2")
    return folder


def write_model(folder: Path, fingerprint: str) -> None:
    (folder / METADATA).parent.mkdir(parents=True, exist_ok=True)
    (folder / METADATA).write_text(json.dumps({"training_fingerprint": fingerprint}))


def test_last_runs_stay_and_the_last_of_each_kind_and_what_is_pushed(
    work: WorkFolder, tmp_path: Path
) -> None:
    garbage = find_garbage(work, 1, tmp_path / "models")
    # pushed: 2; last blessed: 4; last complete: 5; last: 6
    assert [(record.id, reason) for record, reason in garbage.kept] == [
        (run_id(2), "its model is version 7 of the push folder"),
        (run_id(4), "the last that was blessed"),
        (run_id(5), "the last that was complete"),
        (run_id(6), "one of the last 1"),
    ]
    assert [record.id for record in garbage.runs] == [run_id(n) for n in (1, 3)]
    assert {path.name for path in garbage.artifacts} == {"11", "13", "21", "23"}
    assert garbage.size > 200


def test_what_is_found_is_removed_and_nothing_else(work: WorkFolder, tmp_path: Path) -> None:
    remove(find_garbage(work, 1, tmp_path / "models"))
    assert [record.id for record in list_runs(work.runs)] == [run_id(n) for n in (2, 4, 5, 6)]
    assert (work.artifacts / "ExampleGen" / "examples" / "1").is_dir()
    for pattern in ("Trainer/model/*", "Trainer/.system/*/*"):
        left = {path.name for path in work.artifacts.glob(pattern)}
        assert left == {"12", "14", "15", "16"}
    assert len(list(work.logs.iterdir())) == len(list(work.reports.iterdir())) == 4
    again = find_garbage(work, 1, tmp_path / "models")
    assert (again.runs, again.artifacts, again.files, again.size) == ((), (), (), 0)


def test_nothing_goes_while_there_are_no_more_runs_than_are_kept(work: WorkFolder) -> None:
    garbage = find_garbage(work, 6, None)
    assert (garbage.runs, garbage.artifacts, garbage.files) == ((), (), ())


def test_comparison_of_a_run_that_goes_goes_with_it(work: WorkFolder) -> None:
    work.report(f"{run_id(1)}-{run_id(5)}").write_text("page")
    work.report(f"{run_id(5)}-{run_id(6)}").write_text("page")
    names = {path.stem for path in find_garbage(work, 2, None).files}
    assert f"{run_id(1)}-{run_id(5)}" in names
    assert f"{run_id(5)}-{run_id(6)}" not in names
