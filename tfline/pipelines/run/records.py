"""Run records: one JSON file a run, the evidence of what ran, from what, and how it ended.

Read by `tfline runs`, `tfline why` and by the next run; they need no TensorFlow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import Field

from tfline.components.artifacts.history import needs_no_push
from tfline.components.artifacts.override import Override
from tfline.pipelines.run.files import FileDigests, is_intact
from tfline.pipelines.run.override import read_override
from tfline.pipelines.run.parts import Part, Parts
from tfline.pipelines.run.plan import Plan
from tfline.transforms.errors import SpecError


class ComponentRecord(pydantic.BaseModel):
    """How one component went.

    Attributes:
        seconds: Wall time.
        cached: Whether an earlier execution was used.
        summary: The component's own line about its result.
        warnings: What it wants people to know before they trust it.
        outputs: Folder of each output artifact, by channel.
        files: Digest of every file of an output, by channel and by path in its folder.
    """

    seconds: float
    cached: bool
    summary: str = ""
    warnings: list[str] = Field(default_factory=list)
    outputs: dict[str, str] = Field(default_factory=dict)
    files: dict[str, dict[str, str]] = Field(default_factory=dict)

    def is_intact(self, digests: FileDigests) -> bool:
        """Tells whether all that the component made is still there as it was."""
        return all(
            Path(folder).exists() and is_intact(Path(folder), self.files.get(channel, {}), digests)
            for channel, folder in self.outputs.items()
        )


class RunRecord(pydantic.BaseModel):
    """A run.

    Attributes:
        id: When it was started, UTC; sorts by time.
        pipeline: The name in the spec.
        status: ``running`` also stands for a run that was killed until the next one finds it.
        seconds: Wall time.
        process: The process that ran it.
        resumes: The unfinished run from which it went on, in words; empty: none.
        parts: The plan: by component, what its result depends on.
        spec: The spec in its long form; empty in a record of an older version.
        environment: Digest of the names and versions of all installed packages.
        components: How each finished component went, in order.
        error: What stopped it.
        log: The log file.
        places: Where the spec says what it says of the evaluation, by path, for example
            ``evaluate.require.auc`` to ``taxi.yaml:11``.
    """

    id: str
    pipeline: str
    status: Literal["running", "complete", "failed", "killed"] = "running"
    seconds: float = 0.0
    process: int = 0
    resumes: str = ""
    parts: dict[str, Parts]
    spec: dict[str, Any] = Field(default_factory=dict)
    environment: str = ""
    components: dict[str, ComponentRecord] = Field(default_factory=dict)
    error: str = ""
    log: str = ""
    places: dict[str, str] = Field(default_factory=dict)

    @pydantic.field_validator("parts", mode="before")
    @classmethod
    def _read_older_parts(cls, parts: Any) -> Any:
        """Reads the parts of a record of an older version: a mapping of texts, not comparable."""
        if not isinstance(parts, Mapping):
            return parts
        return {
            component: [Part("setting", name, text) for name, text in found.items()]
            if isinstance(found, Mapping)
            else found
            for component, found in parts.items()
        }

    def write(self, folder: Path) -> None:
        """Writes the record into `folder`, whole or not at all.

        Paths below the work folder, the parent of `folder`, are written as they are from there: a
        work folder may be moved.
        """
        path = folder / f"{self.id}.json"
        staged = path.with_suffix(".tmp")
        with staged.open("w", encoding="utf-8") as file:
            file.write(self.with_paths(partial(_below, folder.parent)).model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        staged.rename(path)

    def with_paths(self, change: Callable[[str], str]) -> RunRecord:
        """Returns the record with every path changed."""
        components = {
            name: component.model_copy(
                update={"outputs": {key: change(uri) for key, uri in component.outputs.items()}}
            )
            for name, component in self.components.items()
        }
        log = change(self.log) if self.log else ""
        return self.model_copy(update={"components": components, "log": log})

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """Reads the record that `write` has written to a file."""
        record = cls.model_validate_json(path.read_text(encoding="utf-8"))
        root = path.parent.parent
        return record.with_paths(lambda place: str(root / place))

    def output(self, component: str, channel: str) -> Path | None:
        """Returns the folder of an output artifact; None if that component has not finished."""
        record = self.components.get(component)
        uri = record.outputs.get(channel) if record else None
        return Path(uri) if uri else None

    def place(self, path: str) -> str:
        """Returns where the spec says something; of a value with no place, that of its section."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, "")

    def holds(self, plan: Plan, digests: FileDigests) -> bool:
        """Tells whether this run is complete, of this plan, and all that it made is as it was."""
        if self.status != "complete" or self.parts != plan.parts:
            return False
        intact = all(component.is_intact(digests) for component in self.components.values())
        return intact and self._is_live(plan)

    def _is_live(self, plan: Plan) -> bool:
        """Tells whether the model is where the Pusher had to bring it, or was taken back."""
        if plan.push_folder is None or not may_go_live(self):
            return True
        return needs_no_push(plan.push_folder, self.pipeline, plan.training_fingerprint)


def _below(root: Path, place: str) -> str:
    """Returns a path from `root`, if it is below it."""
    path = Path(place)
    return str(path.relative_to(root)) if path.is_relative_to(root) else place


def is_blessed(record: RunRecord) -> bool:
    """Tells whether the Evaluator blessed the model of a run."""
    blessing = record.output("Evaluator", "blessing")
    return blessing is not None and (blessing / "BLESSED").exists()


def override_of(record: RunRecord) -> Override | None:
    """Returns who lets the model of a run go live against the verdict; None if nobody does."""
    blessing = record.output("Evaluator", "blessing")
    return read_override(blessing) if blessing is not None else None


def may_go_live(record: RunRecord) -> bool:
    """Tells whether the model of a run is blessed, or its verdict is overridden."""
    return is_blessed(record) or override_of(record) is not None


def new_id(now: datetime | None = None) -> str:
    """Returns the id of a run that starts now, for example ``20260131-235959-123456``."""
    return (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S-%f")


def list_runs(folder: Path) -> list[RunRecord]:
    """Returns the records in `folder`, the oldest first."""
    return [RunRecord.read(path) for path in sorted(folder.glob("*.json"))]


def find_run(records: list[RunRecord], name: str | None = None) -> RunRecord:
    """Returns a run.

    Args:
        records: All runs, the oldest first.
        name: Its number from 1, its id or the beginning of its id; None: the last run.

    Raises:
        SpecError: There is no such run, or there are several.
    """
    if not records:
        raise SpecError("There are no runs yet", hint="`tfline run SPEC` makes one.")
    if name is None:
        return records[-1]
    if name.isdecimal() and 1 <= int(name) <= len(records):
        return records[int(name) - 1]
    found = [record for record in records if record.id.startswith(name)]
    if len(found) != 1:
        problem = "There is no run" if not found else f"{len(found)} runs begin with"
        raise SpecError(
            f"{problem} '{name}'",
            hint=f"Name one of 1 to {len(records)}, or an id; `tfline runs SPEC` lists them.",
        )
    return found[0]


def close_killed(records: list[RunRecord], folder: Path) -> None:
    """Records of runs that say they are running that they were killed.

    Args:
        records: All runs.
        folder: Of the records; the caller holds the lock, so that nothing runs.
    """
    for record in records:
        if record.status == "running":
            record.status = "killed"
            record.write(folder)


def resumption(records: list[RunRecord], plan: Plan) -> str:
    """Returns the unfinished run from which a run of this plan goes on; empty if from none.

    Args:
        records: The earlier runs, the oldest first.
        plan: What is to run.
    """
    if not records or records[-1].status not in ("failed", "killed"):
        return ""
    last = records[-1]
    done = [name for name in last.components if last.parts.get(name) == plan.parts.get(name)]
    if not done:
        return ""
    ahead = next((name for name in plan.parts if name not in last.components), "")
    verb = "failed" if last.status == "failed" else "was killed"
    return f"run {last.id}, which {verb}{f' in {ahead}' if ahead else ''}"


def last_parts(records: list[RunRecord], component: str) -> Parts | None:
    """Returns what the last finished execution of a component depended on; None if none."""
    for record in reversed(records):
        if component in record.components:
            return record.parts.get(component)
    return None
