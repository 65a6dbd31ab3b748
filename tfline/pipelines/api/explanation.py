"""Why a component would run again."""

from __future__ import annotations

import dataclasses

from tfline.pipelines.run.files import FileDigests
from tfline.pipelines.run.parts import Change, changes
from tfline.pipelines.run.plan import make_plan
from tfline.pipelines.run.records import last_parts, list_runs
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
    """

    component: str
    has_run: bool
    changes: dict[str, tuple[Change, ...]]

    def __bool__(self) -> bool:
        return not self.has_run or bool(self.changes)

    def __str__(self) -> str:
        if not self.has_run:
            return f"{self.component} has not run yet."
        if not self.changes:
            return f"Nothing that {self.component} depends on has changed since it last ran."
        lines = [f"  {name}: {change}" for name, found in self.changes.items() for change in found]
        return "\n".join([f"Changed since {self.component} last ran:", *lines])


def explain(component: str, spec: PipelineSpec, folder: WorkFolder) -> Explanation:
    """Compares what a component depends on with what it depended on when it last ran."""
    records = list_runs(folder.runs)
    plan = hold_against_last(make_plan(spec, FileDigests(folder.digests)), records)
    if last_parts(records, component) is None:
        return Explanation(component, has_run=False, changes={})
    found: dict[str, tuple[Change, ...]] = {}
    for name in plan.up_to(component):
        before = last_parts(records, name)
        if name in plan.parts and before is not None:
            found[name] = tuple(changes(before, plan.parts[name]))
    return Explanation(component, True, {name: found[name] for name in found if found[name]})
