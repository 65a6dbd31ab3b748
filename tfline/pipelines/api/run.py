"""A run of a pipeline, finished or failed: its verdict, metrics, slices, report and model."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfline.components.artifacts.versions import Version, list_versions
from tfline.components.evaluator.gate.verdict_reading import FILE_NAME, read_verdict
from tfline.pipelines.api.verdict import Verdict
from tfline.pipelines.run.parts import Change, all_settings, changes
from tfline.pipelines.run.plan import training_fingerprint
from tfline.pipelines.run.records import (
    ComponentRecord,
    RunRecord,
    is_blessed,
    may_go_live,
    override_of,
)
from tfline.pipelines.run.work_folder import WorkFolder
from tfline.pipelines.spec.card import CardSpec
from tfline.transforms.errors import PushError, SpecError

if TYPE_CHECKING:
    import pandas as pd

    from tfline.pipelines.api.page import Page
    from tfline.pipelines.report.run_files import RunFiles
    from tfline.serving.client import Client


class Run:
    """A run of a pipeline. `Pipeline.run` and `tfline.runs` return it.

    Args:
        record: What is kept of it.
        folder: The work folder of its pipeline.
    """

    def __init__(self, record: RunRecord, folder: WorkFolder) -> None:
        self.record = record
        self._folder = folder

    @property
    def id(self) -> str:
        """When it was started, UTC: ``20260131-235959-123456``."""
        return self.record.id

    @property
    def pipeline(self) -> str:
        """The name of its pipeline."""
        return self.record.pipeline

    @property
    def status(self) -> str:
        """``blessed``, ``not blessed``, ``overridden``, ``failed``, ``killed`` or ``running``."""
        if self.record.status == "running":
            running = self._folder.holder() == self.record.process
            return "running" if running else "killed"
        if self.record.status != "complete":
            return self.record.status
        if is_blessed(self.record):
            return "blessed"
        return "overridden" if override_of(self.record) else "not blessed"

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.record.seconds

    @property
    def error(self) -> str:
        """What stopped it; empty if nothing did."""
        return self.record.error

    @property
    def log(self) -> Path:
        """Everything that TFX, Beam and TensorFlow said."""
        return Path(self.record.log)

    @property
    def components(self) -> Mapping[str, ComponentRecord]:
        """How each component went, in the order in which they ran."""
        return self.record.components

    @property
    def executed(self) -> tuple[str, ...]:
        """The components that were executed; the others' results were taken from the cache."""
        return tuple(name for name, record in self.components.items() if not record.cached)

    @property
    def may_go_live(self) -> bool:
        """Whether the model is blessed, or somebody overrides the verdict."""
        return may_go_live(self.record)

    def output(self, component: str, channel: str) -> Path:
        """Returns the folder of an artifact: ``run.output("Trainer", "model")``.

        Raises:
            SpecError: The run has no such artifact.
        """
        folder = self.record.output(component, channel)
        if folder is None:
            known = ", ".join(
                f"{name}.{key}" for name, found in self.components.items() for key in found.outputs
            )
            raise SpecError(
                f"The run {self.id} has no artifact '{channel}' of {component}",
                hint=f"It has: {known or 'none'}.",
            )
        return folder

    @property
    def verdict(self) -> Verdict:
        """Whether the model may go live, and why.

        Raises:
            SpecError: The Evaluator did not finish.
        """
        content = self._evaluation
        override = override_of(self.record)
        return Verdict(
            blessed=content["blessed"],
            headline=content["headline"],
            reasons=tuple(content["reasons"]),
            rules=tuple(content["rules"]),
            override=str(override) if override else "",
        )

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics over all records: ``run.metrics["auc"]``. One that is undefined is NaN."""
        overall: Mapping[str, float | None] = self._evaluation["slices"][0]["metrics"]
        return {name: float("nan") if value is None else value for name, value in overall.items()}

    @property
    def main_metric(self) -> tuple[str, float] | None:
        """The metric of the first rule, or else the first one; None without an evaluation."""
        if self.record.output("Evaluator", "evaluation") is None:
            return None
        rules = self._evaluation["rules"]
        name = rules[0]["metric"] if rules else next(iter(self.metrics), "")
        return (name, self.metrics[name]) if name in self.metrics else None

    def changes(self, before: Run) -> list[Change]:
        """Returns the settings of the spec that are others than in an earlier run."""
        return changes(all_settings(before.record.spec), all_settings(self.record.spec))

    @property
    def slices(self) -> pd.DataFrame:
        """The metrics by slice: a row a slice, ``overall`` first, with its number of records."""
        import pandas as pd

        entries = self._evaluation["slices"]
        rows = [{"records": entry["count"], **entry["metrics"]} for entry in entries]
        index = pd.Index([entry["label"] for entry in entries], name="slice")
        return pd.DataFrame(rows, index=index)

    @cached_property
    def _evaluation(self) -> dict[str, Any]:
        folder = self.record.output("Evaluator", "evaluation")
        if folder is None or not (folder / FILE_NAME).is_file():
            raise SpecError(
                f"The run {self.id} has no verdict: {self.error or 'it has not ended'}",
                str(self._folder.root),
            )
        return read_verdict(folder / FILE_NAME)

    def report(self, path: str | Path | None = None) -> Page:
        """Writes the page of the run, and returns it; a notebook shows it.

        Args:
            path: Where to write it; left out: into the work folder.

        Raises:
            WorkFolderError: It cannot be written.
        """
        from tfline.pipelines.report.render import render_run

        return self._write(render_run(self._files), path, self.id)

    def compare(self, before: Run, path: str | Path | None = None) -> Page:
        """Writes a page of an earlier run and this one, side by side; a notebook shows it.

        Args:
            before: The earlier run.
            path: Where to write it; left out: into the work folder.

        Raises:
            WorkFolderError: It cannot be written.
        """
        from tfline.pipelines.report.render import render_comparison

        page = render_comparison(before._files, self._files)
        return self._write(page, path, f"{before.id}-{self.id}")

    @property
    def _files(self) -> RunFiles:
        from tfline.pipelines.report.run_files import RunFiles

        card = CardSpec.model_validate(self.record.spec.get("card", {}))
        return RunFiles(self.record, self._folder.metadata, card)

    def _write(self, page: str, path: str | Path | None, name: str) -> Page:
        from tfline.pipelines.api.page import Page
        from tfline.pipelines.report.render import write_page

        target = Path(path) if path is not None else self._folder.report(name)
        write_page(page, target)
        return Page(target)

    @property
    def version(self) -> Version:
        """The version that this run has pushed.

        Raises:
            PushError: It has pushed none, or the version is gone.
        """
        push = self.record.spec.get("push")
        fingerprint = training_fingerprint(self.record.parts)
        versions = list_versions(Path(push["to"])) if push else []
        for version in reversed(versions):
            if version.training_fingerprint == fingerprint:
                return version
        why = "its spec pushes nowhere" if not push else f"the model is {self.status}"
        raise PushError(
            f"There is no pushed version of the run {self.id}: {why}",
            push["to"] if push else "",
            "Serve a run whose model is pushed: `tfline.runs(name)` lists them.",
        )

    @contextlib.contextmanager
    def serve(self, *, flags: Sequence[str] = (), timeout: float = 10.0) -> Iterator[Client]:
        """Starts a server on the version that this run has pushed, and stops it after the block.

        Example:
            with run.serve() as client:
                client.predict([{"fare": 45.0}])

        Args:
            flags: Further flags of the server, such as ``--enable_batching``.
            timeout: Seconds that a call of the client may take.

        Yields:
            A client of the server.

        Raises:
            PushError: The run has pushed no version.
            StartError: The server could not be started.
        """
        from tfline.serving.client import Client
        from tfline.serving.process import start_server

        version = self.version
        folder, number = version.path.parent, version.number
        with (
            start_server(folder, self.pipeline, flags=flags, version=number) as server,
            Client(server.target, self.pipeline, timeout=timeout) as client,
        ):
            yield client

    def __repr__(self) -> str:
        return f"<Run {self.id} of {self.pipeline}: {self.status}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td>"
            f"<td style='text-align:right'>{_time(record)}</td>"
            f"<td style='text-align:left'>{html.escape(record.summary)}</td></tr>"
            for name, record in self.components.items()
        )
        head = f"<b>{html.escape(self.pipeline)}</b>, run {self.id}: {self.status}"
        end = f"<pre>{html.escape(self.error)}</pre>" if self.error else ""
        if self.record.output("Evaluator", "evaluation") is not None:
            end += self.verdict._repr_html_()
        return f"<p>{head}</p><table>{rows}</table>{end}"


def _time(record: ComponentRecord) -> str:
    return "cached" if record.cached else f"{record.seconds:.1f} s"
