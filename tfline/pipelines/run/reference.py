"""The run whose data that of a new one is held against: the last blessed one on other data.

Other data, so that a run that is repeated is the same run, and does not become its own reference.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfline.components.example_validator.config import HeldAgainst
from tfline.pipelines.run.plan import Plan
from tfline.pipelines.run.records import RunRecord, is_blessed


def hold_against_last(plan: Plan, records: Sequence[RunRecord]) -> Plan:
    """Returns the plan with the run whose statistics the data is held against.

    Args:
        plan: Of a new run.
        records: Of the earlier ones, the oldest first.

    Returns:
        The plan as it is, if no model was blessed on other data whose statistics are still there.
    """
    data = plan.parts["ExampleGen"]
    for record in reversed(records):
        statistics = record.output("StatisticsGen", "statistics")
        if record.parts.get("ExampleGen") == data or not is_blessed(record):
            continue
        if statistics is not None and statistics.is_dir():
            return plan.held_against(HeldAgainst(run=record.id, statistics=str(statistics)))
    return plan
