"""`tfline why`: what has changed since a component last ran.

Example:
    tfline why Trainer taxi
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work, read_spec, work_folder

if TYPE_CHECKING:
    from tfline.pipelines.run.plan import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the component, SPEC, --set and --work."""
    parser.add_argument("component", metavar="COMPONENT", help="for example Trainer")
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints the parts that differ, of the component and of those before it."""
    from tfline.pipelines.run.files import FileDigests
    from tfline.pipelines.run.parts import changes
    from tfline.pipelines.run.plan import UPSTREAM, make_plan
    from tfline.pipelines.run.records import last_parts, list_runs
    from tfline.transforms.errors import SpecError, did_you_mean

    component = {name.lower(): name for name in UPSTREAM}.get(arguments.component.lower())
    if component is None:
        name = arguments.component
        raise SpecError(f"There is no component '{name}'", hint=did_you_mean(name, UPSTREAM))
    spec = read_spec(arguments)
    folder = work_folder(arguments, spec)
    plan = make_plan(spec, FileDigests(folder.digests))
    records = list_runs(folder.runs)
    if last_parts(records, component) is None:
        print(f"{component} has not run yet.")
        return 0
    lines = []
    for name in _with_upstream(component, plan):
        before = last_parts(records, name)
        if name in plan.parts and before is not None:
            lines += [f"{name}: {change}" for change in changes(before, plan.parts[name])]
    if lines:
        print(f"Changed since {component} last ran:")
    else:
        print(f"Nothing that {component} depends on has changed since it last ran.")
    for line in lines:
        print(f"  {line}")
    return 0


def _with_upstream(component: str, plan: Plan) -> list[str]:
    """Returns a component and all those that it takes something from, in running order."""
    from tfline.pipelines.run.plan import UPSTREAM

    wanted, waiting = set(), [component]
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        waiting += plan.upstream(name)
    return [name for name in UPSTREAM if name in wanted]
