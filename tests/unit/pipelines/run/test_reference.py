"""Data is held against that of the last blessed run on other data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines.run.parts import settings
from tfline.pipelines.run.plan import Plan
from tfline.pipelines.run.records import ComponentRecord, RunRecord
from tfline.pipelines.run.reference import hold_against_last


def make_plan(data: str) -> Plan:
    parts = {"ExampleGen": settings("data", data), "ExampleValidator": settings("stop", "error")}
    return Plan(parts=parts, ingest=None, schema_text=None, push_folder=None)  # type: ignore[arg-type]


def make_record(folder: Path, number: int, data: str, *, blessed: bool = True) -> RunRecord:
    run = folder / str(number)
    (run / "statistics").mkdir(parents=True)
    (run / "blessing").mkdir()
    if blessed:
        (run / "blessing" / "BLESSED").touch()
    outputs = {"StatisticsGen": "statistics", "Evaluator": "blessing"}
    components = {
        name: ComponentRecord(seconds=1, cached=False, outputs={channel: str(run / channel)})
        for name, channel in outputs.items()
    }
    return RunRecord(
        id=str(number), pipeline="p", parts=make_plan(data).parts, components=components
    )


def test_last_blessed_run_on_other_data_is_the_reference(tmp_path: Path) -> None:
    records = [
        make_record(tmp_path, 1, "monday"),
        make_record(tmp_path, 2, "tuesday"),
        make_record(tmp_path, 3, "wednesday", blessed=False),
        make_record(tmp_path, 4, "thursday"),
    ]
    plan = hold_against_last(make_plan("thursday"), records)
    assert plan.reference is not None
    assert (plan.reference.run, plan.reference.statistics) == ("2", str(tmp_path / "2/statistics"))
    assert plan.fingerprint("ExampleValidator") != make_plan("thursday").fingerprint(
        "ExampleValidator"
    )


@pytest.mark.parametrize("days", [(), ("monday",), ("monday", "monday")])
def test_repeated_run_has_no_reference(tmp_path: Path, days: tuple[str, ...]) -> None:
    records = [make_record(tmp_path, number, day) for number, day in enumerate(days)]
    assert hold_against_last(make_plan("monday"), records) == make_plan("monday")


def test_statistics_that_are_gone_are_no_reference(tmp_path: Path) -> None:
    records = [make_record(tmp_path, 1, "monday"), make_record(tmp_path, 2, "tuesday")]
    (tmp_path / "2" / "statistics").rmdir()
    plan = hold_against_last(make_plan("friday"), records)
    assert plan.reference is not None
    assert plan.reference.run == "1"
