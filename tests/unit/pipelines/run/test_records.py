"""Run records are written whole, and tell whether a run still holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import METADATA
from tfline.components.example_gen.config import IngestConfig
from tfline.pipelines.run.plan import Plan
from tfline.pipelines.run.records import (
    ComponentRecord,
    RunRecord,
    is_blessed,
    last_parts,
    list_runs,
    new_id,
)

INGEST = IngestConfig(payload="tf_example", splits={"train": ("a",), "eval": ("b",)})
PARTS = {"ExampleGen": {"data": "1"}, "Evaluator": {"evaluate": "1"}}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A plan that pushes."""
    parts = {**PARTS, "SchemaGen": {}, "Transform": {}, "Trainer": {}}
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
    evaluator = ComponentRecord(seconds=1, cached=False, outputs={"blessing": str(blessing)})
    return RunRecord(
        id="1", pipeline="trips", status="complete", parts=plan.parts,
        components={"Evaluator": evaluator},
    )  # fmt: skip


def test_record_is_read_as_it_was_written(tmp_path: Path, record: RunRecord) -> None:
    record.write(tmp_path)
    assert list_runs(tmp_path) == [record]
    assert [path.name for path in tmp_path.glob("1.*")] == ["1.json"]


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
    assert record.holds(plan)


Change = Callable[[RunRecord, Path], RunRecord]


def fail(record: RunRecord, folder: Path) -> RunRecord:
    return record.model_copy(update={"status": "failed"})


def kill(record: RunRecord, folder: Path) -> RunRecord:
    return record.model_copy(update={"status": "running"})


def other_parts(record: RunRecord, folder: Path) -> RunRecord:
    return record.model_copy(update={"parts": {**record.parts, "Trainer": {"train.epochs": "3"}}})


def lose_output(record: RunRecord, folder: Path) -> RunRecord:
    shutil.rmtree(folder / "blessing")
    return record


def lose_model(record: RunRecord, folder: Path) -> RunRecord:
    shutil.rmtree(folder / "models")
    return record


def push_another(record: RunRecord, folder: Path) -> RunRecord:
    (folder / "models" / "8").mkdir()
    return record


@pytest.mark.parametrize("change", [fail, kill, other_parts, lose_output, lose_model, push_another])
def test_run_does_not_hold_after(
    change: Change, record: RunRecord, plan: Plan, tmp_path: Path
) -> None:
    assert not change(record, tmp_path).holds(plan)


def test_run_that_was_not_blessed_holds_without_a_model(
    record: RunRecord, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "blessing" / "BLESSED").unlink()
    shutil.rmtree(tmp_path / "models")
    assert not is_blessed(record)
    assert record.holds(plan)


def test_last_parts_are_those_of_the_last_run_in_which_the_component_finished(
    record: RunRecord,
) -> None:
    stopped = record.model_copy(update={"components": {}, "parts": {"Evaluator": {"x": "2"}}})
    assert last_parts([record, stopped], "Evaluator") == PARTS["Evaluator"]
    assert last_parts([record, stopped], "Trainer") is None


def test_output_of_a_component_that_did_not_finish_is_none(record: RunRecord) -> None:
    assert record.output("Trainer", "model") is None
    assert record.output("Evaluator", "evaluation") is None
