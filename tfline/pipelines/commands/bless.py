"""`tfline bless`: lets a model go live that the gate did not bless, and says why.

Example:
    tfline bless taxi --override --why "The drop in recall is agreed on"
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tfline.pipelines.commands.arguments import add_spec, add_work, push_of, read_spec, work_folder
from tfline.transforms.errors import SpecError

if TYPE_CHECKING:
    from tfline.pipelines.run.records import RunRecord
    from tfline.pipelines.spec import PipelineSpec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds SPEC, --set, --work, --override and the reason."""
    add_spec(parser)
    add_work(parser)
    parser.add_argument(
        "--override",
        action="store_true",
        required=True,
        help="let the model of the last run go live against the verdict",
    )
    parser.add_argument("--why", required=True, metavar="REASON", help="the reason, for the record")


def run(arguments: argparse.Namespace) -> int:
    """Records the override; the next run pushes the model without training it again."""
    import getpass
    from datetime import UTC, datetime

    from tfline.components.artifacts.override import Override
    from tfline.pipelines.run.override import override_blessing, read_override
    from tfline.pipelines.run.records import is_blessed, list_runs
    from tfline.pipelines.run.store import open_store

    spec = read_spec(arguments)
    push_of(spec)
    if not arguments.why.strip():
        raise SpecError("An override needs a reason", "--why", "Say why the model may go live.")
    folder = work_folder(arguments, spec)
    with folder.locked():
        evaluated = [run for run in list_runs(folder.runs) if run.output("Evaluator", "blessing")]
        blessing = evaluated[-1].output("Evaluator", "blessing") if evaluated else None
        if blessing is None or not blessing.is_dir():
            raise SpecError(
                "No run has a verdict that could be overridden",
                str(folder.root),
                f"First: tfline run {arguments.spec}",
            )
        if is_blessed(evaluated[-1]):
            raise SpecError("The model of the last run is blessed: there is nothing to override")
        if (earlier := read_override(blessing)) is not None:
            raise SpecError(f"The verdict is overridden already: {earlier}")
        override = Override(
            why=arguments.why.strip(),
            by=getpass.getuser(),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        override_blessing(blessing, open_store(spec.metadata, folder.metadata), override)
    print(f"{spec.name}: the verdict of run {evaluated[-1].id} is {override}")
    print(f"  recorded in: {spec.metadata.place(folder.metadata)}")
    told = _other_settings(evaluated[-1], spec)
    if told:
        print(f"  that run had other settings, which `tfline run` needs again as --set: {told}")
    print(f"  push it: tfline run {arguments.spec}")
    return 0


def _other_settings(record: RunRecord, spec: PipelineSpec) -> str:
    """Returns in what a run had other settings than the spec has now, in words; empty: in none."""
    from tfline.pipelines.run.parts import all_settings, changes

    if not record.spec:
        return ""  # of an older version
    now, then = all_settings(spec.model_dump(mode="json")), all_settings(record.spec)
    return "; ".join(str(change) for change in changes(now, then))
