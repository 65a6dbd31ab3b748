"""What a run looks like in a terminal: a line a component, metrics by slice, the verdict."""

from __future__ import annotations

import json
from typing import IO, Any, Self

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from tfline.pipelines.run.records import RunRecord
from tfline.pipelines.spec import PipelineSpec

_SHOWN_SLICES = 12
_SHOWN_METRICS = (
    "accuracy",
    "precision",
    "recall",
    "macro_precision",
    "macro_recall",
    "rmse",
    "r2",
)
"""What is shown beside the metrics that decide; verdict.json has everything."""


class RunDisplay:
    """Shows a run as it goes. A `tfline.pipelines.runners.events.Listener`.

    Args:
        spec: What runs.
        terminal: Where to write; a spinner is shown only if it is a terminal.
        command: The command of tfline that runs it.
    """

    def __init__(self, spec: PipelineSpec, terminal: IO[str], command: str = "run") -> None:
        self._spec = spec
        self._command = command
        self._console = Console(file=terminal, highlight=False)
        self._status: Status | None = None
        self._component = ""

    def __enter__(self) -> Self:
        self._console.print(Text(f"tfline {self._command} {self._spec.name}", style="bold"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def started(self, component: str) -> None:
        """Starts the spinner."""
        self._component = component or "starting TensorFlow, Beam and TFX"
        self._stop()
        self._status = self._console.status(self._component)
        self._status.start()

    def progressed(self, text: str) -> None:
        """Shows what the component is doing behind the spinner."""
        if self._status is not None:
            self._status.update(f"{self._component}: {text}")

    def finished(self, component: str, seconds: float, cached: bool, summary: str) -> None:
        """Prints the line of a component."""
        self._stop()
        time = Text("  cached", style="green") if cached else Text(f"{seconds:6.1f} s")
        line = Text.assemble(f"  {component:<17}", time, "  ", (summary, "dim"))
        self._console.print(line, soft_wrap=True)

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def show_result(record: RunRecord) -> None:
    """Prints the metrics by slice, the verdict with its reasons, and where to find more."""
    console = Console(highlight=False)
    evaluation = record.output("Evaluator", "evaluation")
    if evaluation is not None:
        verdict = json.loads((evaluation / "verdict.json").read_text(encoding="utf-8"))
        for table in (_slices_table(verdict), _classes_table(verdict)):
            if table.row_count:
                console.print()
                console.print(table, soft_wrap=True)
        console.print()
        _show_verdict(console, verdict, record)
    destination = record.components.get("Pusher")
    if destination is not None:
        console.print(f"  push: {destination.summary}", soft_wrap=True)
    console.print(f"  log: {record.log}", soft_wrap=True)


def _slices_table(verdict: dict[str, Any]) -> Table:
    """Returns the metrics of each slice, the largest first."""
    overall, *slices = verdict["slices"]
    required = {rule["metric"] for rule in verdict["rules"]}
    metrics = [name for name in overall["metrics"] if name in _SHOWN_METRICS or name in required]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("slice", no_wrap=True, min_width=24)
    table.add_column("records", justify="right", no_wrap=True)
    for name in metrics:
        table.add_column(name, justify="right", no_wrap=True)
    slices.sort(key=lambda entry: -entry["count"])
    for entry in [overall, *slices[:_SHOWN_SLICES]]:
        values = [_number(entry["metrics"].get(name)) for name in metrics]
        style = "dim" if entry["small"] else ""
        count = f"{entry['count']:,}{'*' if entry['small'] else ''}"
        table.add_row(Text(entry["label"]), count, *values, style=style)
    notes = []
    if any(entry["small"] for entry in slices[:_SHOWN_SLICES]):
        notes.append(f"* below {verdict['min_slice_size']} records: decides nothing")
    if len(slices) > _SHOWN_SLICES:
        notes.append(f"{len(slices) - _SHOWN_SLICES} smaller slices are in verdict.json")
    table.caption = "\n".join(notes) or None
    table.caption_justify = "left"
    return table


def _classes_table(verdict: dict[str, Any]) -> Table:
    """Returns the metrics of each class, or step of a forecast, over all records; may be empty."""
    by_class = verdict["slices"][0]["by_class"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class" if verdict["classes"] else "", no_wrap=True, min_width=24)
    for name in by_class:
        table.add_column(name, justify="right", no_wrap=True)
    for label in next(iter(by_class.values()), ()):
        values = [_number(metric.get(label)) for metric in by_class.values()]
        table.add_row(Text(label), *values)
    return table


def _show_verdict(console: Console, verdict: dict[str, Any], record: RunRecord) -> None:
    """Prints the answer and each reason, with the line of the spec that governs it."""
    word, style = ("BLESSED", "bold green") if verdict["blessed"] else ("NOT BLESSED", "bold red")
    console.print(Text(word, style=style))
    lines = {rule["reason"]: record.place(rule["spec"]) for rule in verdict["rules"]}
    for reason in verdict["reasons"]:
        line = lines.get(reason, "")
        console.print(f"  - {reason}{f'  [{line}]' if line else ''}", markup=False, soft_wrap=True)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4f}"
