"""What a work folder keeps of earlier runs, and what nobody needs any more.

A run leaves copies of data, artifacts, a log, a page and a record. Kept are the last runs, the last
one that was complete and the last that was blessed, and the last run of every model in the push
folder: live, labelled, or the way back. Everything that no kept run refers to may go. No
TensorFlow here.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from tfline.components.artifacts.versions import list_versions, read_metadata
from tfline.pipelines.run.records import RunRecord, is_blessed, list_runs
from tfline.pipelines.run.work_folder import WorkFolder

_RUN_ID = re.compile(r"\d{8}-\d{6}-\d{6}")
"""A run's id, as in the names of logs and pages."""


@dataclasses.dataclass(frozen=True)
class Garbage:
    """What may go.

    Attributes:
        kept: The runs that stay, the oldest first, and why each of them does.
        runs: The runs that go.
        artifacts: Folders of executions that no kept run refers to.
        files: Logs, pages and records of the runs that go.
        size: All of it, in bytes.
    """

    kept: tuple[tuple[RunRecord, str], ...]
    runs: tuple[RunRecord, ...]
    artifacts: tuple[Path, ...]
    files: tuple[Path, ...]
    size: int


def find_garbage(folder: WorkFolder, keep: int, push_folder: Path | None) -> Garbage:
    """Finds what may go.

    Args:
        folder: The work folder; the caller holds its lock, so that no run is under way.
        keep: How many of the last runs stay.
        push_folder: Where blessed models go; None: nowhere.
    """
    records = list_runs(folder.runs)
    reasons = _reasons(records, keep, push_folder)
    kept = [record for record in records if record.id in reasons]
    gone = [record for record in records if record.id not in reasons]
    artifacts = tuple(_unused(folder.artifacts, kept))
    files = tuple(_files_of(folder, kept, gone))
    size = sum(map(_size, (*artifacts, *files)))
    stay = tuple((record, reasons[record.id]) for record in kept)
    return Garbage(stay, tuple(gone), artifacts, files, size)


def remove(garbage: Garbage) -> None:
    """Removes it; records last, so that what was interrupted can be found and removed again."""
    for artifact in garbage.artifacts:
        shutil.rmtree(artifact, ignore_errors=True)
    for file in garbage.files:
        file.unlink(missing_ok=True)


def _reasons(records: list[RunRecord], keep: int, push_folder: Path | None) -> dict[str, str]:
    """Returns why runs stay, by their ids."""
    pushed = {
        version.training_fingerprint: version.number
        for version in (list_versions(push_folder) if push_folder else ())
    }
    blessed = [record.id for record in records if is_blessed(record)]
    complete = [record.id for record in records if record.status == "complete"]
    of_models = {_model_of(record): record.id for record in records}
    reasons = {record.id: f"one of the last {keep}" for record in records[-keep:]}
    reasons |= dict.fromkeys(complete[-1:], "the last that was complete")
    reasons |= dict.fromkeys(blessed[-1:], "the last that was blessed")
    for model, number in pushed.items():
        if model in of_models:
            reasons[of_models[model]] = f"its model is version {number} of the push folder"
    return reasons


def _model_of(record: RunRecord) -> str:
    """Returns the training fingerprint of a run's model; a dash if it has none."""
    model = record.output("Trainer", "model")
    if model is None:
        return "-"
    return str(read_metadata(model / "Format-Serving").get("training_fingerprint", "-"))


def _unused(artifacts: Path, kept: Iterable[RunRecord]) -> Iterator[Path]:
    """Yields the folder of each execution, COMPONENT/CHANNEL/EXECUTION, that no run refers to."""
    used = {
        Path(uri)
        for record in kept
        for component in record.components.values()
        for uri in component.outputs.values()
    }
    executions = {(path.parent.parent.name, path.name) for path in used}
    for path in sorted(artifacts.glob("*/*/*")):
        if path.parent.name.startswith("."):
            continue
        if path.is_dir() and path not in used:
            yield path
    for path in sorted(artifacts.glob("*/.system/*/*")):
        if path.is_dir() and (path.parents[2].name, path.name) not in executions:
            yield path


def _files_of(
    folder: WorkFolder, kept: Iterable[RunRecord], gone: Collection[RunRecord]
) -> Iterator[Path]:
    """Yields logs and pages of no kept run that are older than the newest one, then records."""
    known = {record.id for record in kept}
    newest = max(known, default="")
    for path in sorted((*folder.logs.glob("*"), *folder.reports.glob("*"))):
        ids = _RUN_ID.findall(path.name)
        if path.is_file() and ids and not known.issuperset(ids) and min(ids) < newest:
            yield path
    for record in gone:
        yield folder.runs / f"{record.id}.json"


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(
        os.lstat(os.path.join(parent, name)).st_size
        for parent, _, names in os.walk(path)
        for name in names
    )
