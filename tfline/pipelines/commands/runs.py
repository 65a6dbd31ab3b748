"""`tfline runs`: the runs of a pipeline.

Example:
    tfline runs taxi
"""

from __future__ import annotations

import argparse

from tfline.pipelines.commands.arguments import add_spec, add_work, read_spec, work_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set and --work."""
    add_spec(parser)
    add_work(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints a line a run: when, how it ended, how long it took, what was executed."""
    from tfline.pipelines.run.records import is_blessed, list_runs, override_of

    folder = work_folder(arguments, read_spec(arguments))
    records = list_runs(folder.runs)
    if not records:
        print(f"no runs in {folder.root}")
    for number, record in enumerate(records, start=1):
        executed = [name for name, c in record.components.items() if not c.cached]
        status: str = record.status
        if status == "complete":
            status = "blessed" if is_blessed(record) else "not blessed"
        override = override_of(record)
        if status == "not blessed" and override is not None:
            status = "overridden"
        what = record.error.split("\n")[0] or f"ran {', '.join(executed) or 'nothing'}"
        print(f"{number:>3}  {record.id}  {status:<11}  {record.seconds:7.1f} s  {what}")
        if status == "overridden":
            print(f"{'':29}{override}")
    return 0
