"""Why a component would run again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tfline.pipelines.run.files import FileDigests
from tfline.pipelines.run.parts import Change, changes
from tfline.pipelines.run.plan import Plan, make_plan
from tfline.pipelines.run.records import RunRecord, last_parts, list_runs
from tfline.pipelines.run.reference import hold_against_last
from tfline.pipelines.run.work_folder import WorkFolder
from tfline.pipelines.spec import PipelineSpec


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What has changed since a component last ran.

    Attributes:
        component: The component.
        has_run: Whether it has run at all.
        changes: What differs now, by component: its own parts, and those of the components that
            it takes something from, in running order.
        taken_from: The earlier run in which it had just what it has now, and whose result is
            taken, so that it does not run again; empty: there is none.
    """

    component: str
    has_run: bool
    changes: dict[str, tuple[Change, ...]]
    taken_from: str = ""

    def __bool__(self) -> bool:
        return not self.has_run or (bool(self.changes) and not self.taken_from)

    def __str__(self) -> str:
        if not self.has_run:
            return f"{self.component} has not run yet."
        if not self.changes:
            return f"Nothing that {self.component} depends on has changed since it last ran."
        lines = [f"  {name}: {change}" for name, found in self.changes.items() for change in found]
        if self.taken_from:
            lines.append(f"In the run {self.taken_from} all was as it is now: its result is taken.")
        return "\n".join([f"Changed since {self.component} last ran:", *lines])


def explain(component: str, spec: PipelineSpec, folder: WorkFolder) -> Explanation:
    """Compares what a component depends on with what it depended on when it last ran."""
    records, digests = list_runs(folder.runs), FileDigests(folder.digests)
    plan = hold_against_last(make_plan(spec, digests), records)
    if last_parts(records, component) is None:
        return Explanation(component, has_run=False, changes={})
    found: dict[str, tuple[Change, ...]] = {}
    for name in plan.up_to(component):
        before = last_parts(records, name)
        if name in plan.parts and before is not None:
            found[name] = tuple(changes(before, plan.parts[name]))
    changed = {name: found[name] for name in found if found[name]}
    earlier = _earlier(component, plan, records, digests) if changed else ""
    return Explanation(component, True, changed, earlier)


def _earlier(component: str, plan: Plan, records: Sequence[RunRecord], digests: FileDigests) -> str:
    """Returns the last run in which a component had what it has in a plan; empty if none did."""
    names = [name for name in plan.up_to(component) if name in plan.parts]
    for record in reversed(records):
        made = record.components.get(component)
        same = all(record.parts.get(name) == plan.parts[name] for name in names)
        if same and made is not None and made.is_intact(digests):
            return record.id
    return ""
