"""Run records are written whole, and tell whether a run still holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import METADATA
from tfline.components.example_gen.config import IngestConfig
from tfline.pipelines.run.files import FileDigests, folder_digests
from tfline.pipelines.run.parts import Part, changes, settings
from tfline.pipelines.run.plan import Plan
from tfline.pipelines.run.records import (
    ComponentRecord,
    RunRecord,
    close_killed,
    is_blessed,
    last_parts,
    list_runs,
    new_id,
    resumption,
)

INGEST = IngestConfig(payload="tf_example", splits={"train": ("a",), "eval": ("b",)})
PARTS = {
    "ExampleGen": settings("data", 1),
    "Evaluator": settings("evaluate", 1),
}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan that pushes."""
    parts = {**PARTS, "SchemaGen": (), "Transform": (), "Trainer": ()}
    return Plan(parts, INGEST, schema_text=None, push_folder=tmp_path / "models")


@pytest.fixture
def record(tmp_path: Path, plan: Plan) -> RunRecord:
    """A complete, blessed run of the plan, whose model is live."""
    blessing = tmp_path / "blessing"
    blessing.mkdir()
    (blessing / "BLESSED").touch()
    metadata = tmp_path / "models" / "7" / METADATA
    metadata.parent.mkdir(parents=True)
    metadata.write_text(f'{{"training_fingerprint": "{plan.training_fingerprint}"}}')
    evaluator = ComponentRecord(
        seconds=1,
        cached=False,
        outputs={"blessing": str(blessing)},
        files={"blessing": folder_digests(blessing, FileDigests())},
    )
    return RunRecord(
        id="1", pipeline="trips", status="complete", parts=plan.parts,
        components={"Evaluator": evaluator},
    )  # fmt: skip


def test_record_is_read_as_it_was_written(tmp_path: Path, record: RunRecord) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    record.write(runs)
    assert list_runs(runs) == [record]
    assert [path.name for path in runs.glob("1.*")] == ["1.json"]


def test_run_goes_on_from_the_last_one_that_did_not_end(tmp_path: Path, plan: Plan) -> None:
    done = {"ExampleGen": ComponentRecord(seconds=1, cached=False)}
    killed = RunRecord(id="1", pipeline="trips", parts=PARTS, components=done)
    failed = killed.model_copy(update={"id": "2", "status": "failed"})
    close_killed([killed, failed], tmp_path)
    assert [run.status for run in list_runs(tmp_path)] == ["killed"]  # only that one is written
    assert resumption([killed], plan) == "run 1, which was killed in Evaluator"
    assert resumption([killed, failed], plan) == "run 2, which failed in Evaluator"

    complete = killed.model_copy(update={"status": "complete"})
    other = killed.model_copy(update={"parts": {"ExampleGen": settings("data", 2)}})
    nothing = killed.model_copy(update={"components": {}})
    for records in ([], [killed, complete], [other], [nothing]):
        assert resumption(records, plan) == ""


def test_record_of_a_moved_work_folder_finds_what_it_made(
    tmp_path: Path, record: RunRecord
) -> None:
    (tmp_path / "runs").mkdir()
    record.write(tmp_path / "runs")
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    [found] = list_runs(moved / "runs")
    assert found.output("Evaluator", "blessing") == moved / "blessing"
    assert is_blessed(found)
    assert found.components["Evaluator"].is_intact(FileDigests())


def test_record_of_an_older_version_is_read_and_counts_as_changed(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(
        '{"id": "1", "pipeline": "trips", "status": "complete",'
        ' "parts": {"Trainer": {"source a": "1", "train.epochs": "3"}},'
        ' "components": {"Trainer": {"seconds": 1, "cached": false}}}'
    )
    [record] = list_runs(tmp_path)
    now = (Part("source", "a", "1"), *settings("train.epochs", 4))
    assert [str(change) for change in changes(record.parts["Trainer"], now)] == [
        "source a was edited",
        "train.epochs: 3 -> 4",
    ]


def test_half_written_record_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "2.tmp").write_text('{"id": ')
    assert list_runs(tmp_path) == []


def test_runs_are_listed_the_oldest_first(tmp_path: Path, record: RunRecord) -> None:
    moments = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 1, 3)]
    for moment in moments:
        record.model_copy(update={"id": new_id(moment)}).write(tmp_path)
    assert [run.id for run in list_runs(tmp_path)] == [new_id(m) for m in sorted(moments)]


def test_new_id_names_the_moment_in_utc() -> None:
    moment = datetime(2026, 1, 31, 23, 59, 58, 123456, tzinfo=UTC)
    assert new_id(moment) == "20260131-235958-123456"


def test_complete_run_of_the_plan_holds(record: RunRecord, plan: Plan) -> None:
    assert record.holds(plan, FileDigests())


Change = Callable[[RunRecord, Path], RunRecord]


def fail(record: RunRecord, folder: Path) -> RunRecord:
    return record.model_copy(update={"status": "failed"})


def kill(record: RunRecord, folder: Path) -> RunRecord:
    return record.model_copy(update={"status": "running"})


def other_parts(record: RunRecord, folder: Path) -> RunRecord:
    return record.model_copy(
        update={"parts": {**record.parts, "Trainer": settings("train.epochs", 3)}}
    )


def lose_output(record: RunRecord, folder: Path) -> RunRecord:
    shutil.rmtree(folder / "blessing")
    return record


def lose_file_of_an_output(record: RunRecord, folder: Path) -> RunRecord:
    (folder / "blessing" / "BLESSED").unlink()
    return record


def edit_file_of_an_output(record: RunRecord, folder: Path) -> RunRecord:
    (folder / "blessing" / "BLESSED").write_text("by hand")
    return record


def lose_model(record: RunRecord, folder: Path) -> RunRecord:
    shutil.rmtree(folder / "models")
    return record


def push_another(record: RunRecord, folder: Path) -> RunRecord:
    (folder / "models" / "8").mkdir()
    return record


@pytest.mark.parametrize(
    "change",
    [
        fail, kill, other_parts, lose_output, lose_file_of_an_output, edit_file_of_an_output,
        lose_model, push_another,
    ],
)  # fmt: skip
def test_run_does_not_hold_after(
    change: Change, record: RunRecord, plan: Plan, tmp_path: Path
) -> None:
    assert not change(record, tmp_path).holds(plan, FileDigests())


def test_run_that_was_not_blessed_holds_without_a_model(
    record: RunRecord, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "blessing" / "BLESSED").rename(tmp_path / "blessing" / "NOT_BLESSED")
    record.components["Evaluator"].files = {}
    shutil.rmtree(tmp_path / "models")
    assert not is_blessed(record)
    assert record.holds(plan, FileDigests())


def test_last_parts_are_those_of_the_last_run_in_which_the_component_finished(
    record: RunRecord,
) -> None:
    stopped = record.model_copy(update={"components": {}, "parts": {"Evaluator": settings("x", 2)}})
    assert last_parts([record, stopped], "Evaluator") == PARTS["Evaluator"]
    assert last_parts([record, stopped], "Trainer") is None


def test_output_of_a_component_that_did_not_finish_is_none(record: RunRecord) -> None:
    assert record.output("Trainer", "model") is None
    assert record.output("Evaluator", "evaluation") is None
