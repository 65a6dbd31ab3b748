"""What a run looks like in a terminal: a line a component, metrics by slice, the verdict."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from typing import IO, Any, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from tfline.components.evaluator.gate.verdict_reading import (
    FILE_NAME,
    describe_outcomes,
    read_verdict,
)
from tfline.pipelines.run.records import RunRecord, override_of
from tfline.pipelines.spec import PipelineSpec
from tfline.pipelines.terminal import Grid, broken, width_of

_SHOWN_SLICES = 12
_SHOWN_UNKNOWN = 3
_SHOWN_METRICS = (
    "accuracy",
    "precision",
    "recall",
    "macro_precision",
    "macro_recall",
    "rmse",
    "r2",
    "rank_mae",
    "quadratic_kappa",
    "map_50",
    "map_50_95",
)
"""What is shown beside the metrics that decide; verdict.json has everything."""


class RunDisplay:
    """Shows a run as it goes. A `tfline.pipelines.runners.events.Listener`.

    Args:
        spec: What runs.
        terminal: Where to write; a spinner is shown only in a terminal or a notebook.
        command: The command of tfline that runs it.
    """

    def __init__(self, spec: PipelineSpec, terminal: IO[str], command: str = "run") -> None:
        self._spec = spec
        self._command = command
        self._console = Console(file=terminal, highlight=False)
        self._width = width_of(terminal)
        in_notebook = self._console.is_jupyter and importlib.util.find_spec("ipywidgets")
        self._is_watched = self._width is not None or bool(in_notebook)
        self._status: Progress | None = None
        self._component = ""

    def __enter__(self) -> Self:
        self._console.print(Text(f"tfline {self._command} {self._spec.name}", style="bold"))
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def started(self, component: str) -> None:
        """Starts the spinner, with the time since then."""
        self._component = component or "starting TensorFlow, Beam and TFX"
        self._stop()
        self._status = Progress(
            SpinnerColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            disable=not self._is_watched,
        )
        self._status.add_task(self._component)
        self._status.start()

    def progressed(self, text: str) -> None:
        """Shows what the component is doing behind the spinner."""
        if self._status is not None and self._status.tasks:
            task = self._status.tasks[0].id
            self._status.update(task, description=f"{self._component}: {text}")

    def finished(self, component: str, seconds: float, cached: bool, summary: str) -> None:
        """Prints the line of a component."""
        self._stop()
        time = "  cached" if cached else f"{seconds:6.1f} s"
        head = f"  {component:<17}{time}  "
        line = Text(broken(f"{head}{summary}", self._width, hang=len(head) - 2))
        line.stylize("dim", start=len(head))
        if cached:
            line.stylize("green", len(head) - len(time) - 2, len(head))
        self._console.print(line, soft_wrap=True)

    def noted(self, text: str) -> None:
        """Prints a line."""
        self._stop()
        self._console.print(Text(broken(f"  {text}", self._width)), soft_wrap=True)

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def show_result(record: RunRecord) -> None:
    """Prints the metrics by slice, the verdict with its reasons, and where to find more."""
    console = Console(highlight=False)
    evaluation = record.output("Evaluator", "evaluation")
    if evaluation is not None:
        verdict = read_verdict(evaluation / FILE_NAME)
        _show_slices(console, verdict)
        _show_classes(console, verdict)
        console.print()
        _show_verdict(console, verdict, record)
    destination = record.components.get("Pusher")
    if destination is not None:
        _say(console, f"  push: {destination.summary}")
    _say(console, f"  log: {record.log}")


def _say(console: Console, text: str, style: str = "") -> None:
    """Prints text as it is, broken at words in a terminal."""
    console.print(Text(broken(text, width_of(console.file)), style=style), soft_wrap=True)


def _show_grid(console: Console, grid: Grid, dimmed: Collection[int] = ()) -> None:
    """Prints a table, in several parts if the terminal is narrow."""
    for part in grid.parts(width_of(console.file)):
        console.print()
        console.print(Text(grid.line(grid.header, part), style="bold"), soft_wrap=True)
        for number, row in enumerate(grid.rows):
            style = "dim" if number in dimmed else ""
            console.print(Text(grid.line(row, part), style=style), soft_wrap=True)


def _show_slices(console: Console, verdict: dict[str, Any]) -> None:
    """Prints the metrics of each slice, the largest first."""
    overall, *slices = verdict["slices"]
    required = {rule["metric"] for rule in verdict["rules"]}
    metrics = [name for name in overall["metrics"] if name in _SHOWN_METRICS or name in required]
    slices.sort(key=lambda entry: -entry["count"])
    shown = [overall, *slices[:_SHOWN_SLICES]]
    rows = []
    for entry in shown:
        count = f"{entry['count']:,}{'*' if entry['small'] else ''}"
        values = [_number(entry["metrics"].get(name)) for name in metrics]
        rows.append([entry["label"], count, *values])
    grid = Grid(["slice", "records", *metrics], rows, names=2, least=24)
    _show_grid(console, grid, [number for number, entry in enumerate(shown) if entry["small"]])
    if any(entry["small"] for entry in shown):
        note = f"* below {verdict['min_slice_size']} records: decides nothing"
        _say(console, note, "dim italic")
    if len(slices) > _SHOWN_SLICES:
        note = f"{len(slices) - _SHOWN_SLICES} smaller slices are in verdict.json"
        _say(console, note, "dim italic")


def _show_classes(console: Console, verdict: dict[str, Any]) -> None:
    """Prints the metrics of each class, or step of a forecast, over all records, if there are."""
    by_class = verdict["slices"][0]["by_class"]
    rows = [
        [label, *(_number(metric.get(label)) for metric in by_class.values())]
        for label in next(iter(by_class.values()), ())
    ]
    if rows:
        header = ["class" if verdict["classes"] else "", *by_class]
        _show_grid(console, Grid(header, rows, least=24))


def _show_verdict(console: Console, verdict: dict[str, Any], record: RunRecord) -> None:
    """Prints the answer and each reason, with the line of the spec that governs it."""
    word, style = ("BLESSED", "bold green") if verdict["blessed"] else ("NOT BLESSED", "bold red")
    override = override_of(record)
    if override is not None:
        word, style = f"{word}, {override}", "bold yellow"
    console.print(Text(word, style=style), soft_wrap=True)
    lines = {rule["reason"]: record.place(rule["spec"]) for rule in verdict["rules"]}
    blockers = verdict["reasons"] or [verdict["headline"]]
    for reason in (*blockers, *verdict["comparison"]):
        line = lines.get(reason, "")
        _say(console, f"  - {reason}{f'  [{line}]' if line else ''}")
    if len(verdict["rules"]) > 1:
        _say(console, f"  {describe_outcomes(verdict['outcomes'])}")
    for by_split in verdict.get("by_split", ()):
        _say(console, f"  - {by_split['reason']}")
    told = {*blockers, *verdict["comparison"]}
    unknown = [rule["reason"] for rule in verdict["rules"] if rule["outcome"] == "unknown"]
    for reason in [reason for reason in unknown if reason not in told][:_SHOWN_UNKNOWN]:
        _say(console, f"  - {reason}")


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.4f}"
