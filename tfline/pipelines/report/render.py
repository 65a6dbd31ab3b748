"""From the sections to one HTML file that needs nothing else: no network, no folder beside it.

Plotly's script is inlined compressed (2 MB in place of 4.8) and unpacked by the browser. Whatever
comes from data is escaped: by Jinja in the page, by `figures.plot.escape` in figures.
"""

from __future__ import annotations

import base64
import functools
import gzip
import importlib.metadata
import importlib.resources
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from tfline.pipelines.report.collect import comparison
from tfline.pipelines.report.figures import comparison as comparison_figures
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.report.sections import SECTIONS
from tfline.pipelines.run.records import RunRecord
from tfline.pipelines.run.work_folder import WorkFolder
from tfline.pipelines.spec.card import CardSpec
from tfline.transforms.errors import WorkFolderError


def render_run(files: RunFiles) -> str:
    """Returns the page of a run."""
    sections = []
    for section in SECTIONS:
        content = section.collect(files)
        if content is None and not section.absent:
            continue
        figures = section.draw(content) if content is not None else {}
        sections.append({"about": section, "content": content, "figures": figures})
    return render(
        "run.html",
        title=f"{files.record.pipeline}: run {files.record.id}",
        record=files.record,
        sections=sections,
    )


def render_comparison(before: RunFiles, after: RunFiles) -> str:
    """Returns the page of two runs side by side."""
    content = comparison.collect(before, after)
    return render(
        "comparison.html",
        title=f"{after.record.pipeline}: runs {before.record.id} and {after.record.id}",
        content=content,
        figures=comparison_figures.draw(content),
    )


def render(template: str, **content: Any) -> str:
    """Returns a page by one of the templates."""
    return (
        _environment()
        .get_template(template)
        .render(
            plotly=_plotly(),
            version=importlib.metadata.version("tfline"),
            written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            **content,
        )
    )


def write_report(record: RunRecord, folder: WorkFolder, card: CardSpec) -> Path:
    """Writes the page of a run into the work folder.

    Returns:
        The file.
    """
    path = folder.report(record.id)
    write_page(render_run(RunFiles(record, folder.metadata, card)), path)
    return path


def write_page(page: str, path: Path) -> None:
    """Writes a page, whole or not at all.

    Raises:
        WorkFolderError: It cannot be written.
    """
    staged = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text(page, encoding="utf-8")
        os.replace(staged, path)
    except OSError as exc:
        raise WorkFolderError(
            f"The report cannot be written: {exc.strerror}", str(path), "Name another with --out."
        ) from exc


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tfline.pipelines.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "metric": metric,
        "signed": signed,
        "seconds": seconds,
        "moment": moment,
    }
    return environment


@functools.cache
def _plotly() -> str:
    """Returns Plotly's script, gzip in base64."""
    script = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    return base64.b64encode(gzip.compress(script.read_bytes(), 6, mtime=0)).decode()


def signed(value: float | None) -> str:
    """Returns a difference: ``+0.0123``, ``-0.0004``; nothing if there is none."""
    return "" if value is None else f"{value:+.4f}"


def number(value: float | None, digits: int = 4) -> str:
    """Returns a number to be read: ``n/a``, ``12,094``, ``0.9477``, ``1.2e-07``."""
    if value is None:
        return "n/a"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def metric(value: float | None, digits: int = 4) -> str:
    """Returns the value of a metric: ``n/a``, ``0.9477``, ``1.0000``, ``12.35``, ``0.004093``."""
    if value is None or abs(value) >= 10 or 0 < abs(value) < 0.01:
        return number(value, digits)
    return f"{value:.{digits}f}"


def seconds(value: float) -> str:
    """Returns a duration: ``0.4 s``, ``2 min 5 s``, ``1 h 3 min``."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, left = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def moment(run_id: str) -> str:
    """Returns when a run of this id was started: ``2026-01-31 23:59 UTC``."""
    return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").strftime("%Y-%m-%d %H:%M UTC")
