"""The whole of `tfline init`: reads the data, writes records and a spec, asks nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tfline.components.artifacts.windows import AHEAD
from tfline.components.example_gen.example_proto import Value
from tfline.pipelines.datasets.convert import convert_rows
from tfline.pipelines.init.candidates import Candidate
from tfline.pipelines.init.columns import Sample
from tfline.pipelines.init.drafting import (
    Draft,
    Given,
    draft_lines,
    draft_series,
    draft_table,
    kinds_in,
    pipeline_name,
)
from tfline.pipelines.init.label import Label
from tfline.pipelines.init.moments import find_formats, rewritten, with_times
from tfline.pipelines.init.sampling import sample_records, sample_rows
from tfline.pipelines.init.series import Series, find_series
from tfline.pipelines.init.source import Row, Source, open_source
from tfline.transforms.errors import DataError, SpecError, did_you_mean


@dataclasses.dataclass(frozen=True)
class Beginning:
    """A spec that was written.

    Attributes:
        spec: The file.
        draft: What was decided.
        candidate: The model.
    """

    spec: Path
    draft: Draft
    candidate: Candidate

    def with_model(self, candidate: Candidate, note: str) -> Beginning:
        """Writes the spec anew, with another model and the reason for it."""
        self.spec.write_text(self.draft.text(candidate, note), encoding="utf-8")
        return dataclasses.replace(self, candidate=candidate)


def begin(
    data: Any, *, label: str | None = None, output: Path | None = None, force: bool = False
) -> Beginning:
    """Writes a spec for data, and the data as TFRecords where it is something else.

    Args:
        data: A file, a folder or a pattern of files, or a pandas DataFrame.
        label: The column to predict; None: guessed.
        output: The spec; None: the name of the data with ``.yaml``, in the current folder.
        force: Whether files that are there already are written over.

    Raises:
        DataError: The data cannot be read, or there is nothing to learn from it.
        SpecError: A file to be written is there already.
    """
    source = open_source(data)
    name = pipeline_name(output.stem if output is not None else source.name)
    spec = output or Path(f"{name}.yaml")
    records = Path("data") / f"{name}.tfrecord"
    _check_new([spec, *([records] if source.rows is not None else [])], force)
    draft = _of_records(source, name, label) if source.rows is None else _of_rows(
        source, name, label, records
    )  # fmt: skip
    candidate = draft.candidates[0]
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(draft.text(candidate), encoding="utf-8")
    return Beginning(spec, draft, candidate)


def _check_new(paths: Iterable[Path], force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise SpecError(
                "The file is there already, and nothing is written over",
                str(path),
                "Give another name with `-o SPEC`, or `--force`.",
            )


def _of_records(source: Source, name: str, asked: str | None) -> Draft:
    """Returns the draft for TFRecords, which stay where they are."""
    sample = sample_records(source.paths)
    formats = find_formats(sample)
    notes = tuple(f"{column} holds dates written as {form}" for column, form in formats.items())
    is_split = "train" in source.files
    given = Given(
        name, source.shown, source.files, is_split, in_order=False, notes=(*source.notes, *notes)
    )
    return draft_table(sample, given, asked)


def _of_rows(source: Source, name: str, asked: str | None, records: Path) -> Draft:
    """Returns the draft for rows, which are written as TFRecords."""
    if source.rows is None:
        raise ValueError("There are no rows.")
    given = Given(name, source.shown, {"files": str(records)}, leaves_out=True, notes=source.notes)
    sample = sample_rows(source.rows())
    if not sample.records:
        raise DataError("There is no row", source.shown)
    if source.sort == "lines":
        draft = draft_lines(sample, given)
        convert_rows(source.rows(), records, source.shown)
        return draft
    formats = find_formats(sample)
    sample = with_times(sample, formats)
    kinds = kinds_in(sample)
    target = _target(sample, asked)
    series = find_series(sample, kinds, target) if source.sort == "table" else None
    failed: dict[str, int] = {}
    rows = rewritten(source.rows(), formats, failed)
    if series is not None:
        return _write_windows(rows, series, given, records)
    draft = draft_table(sample, given, asked)
    convert_rows(_labelled(rows, draft.label), records, source.shown)
    return dataclasses.replace(draft, notes=(*draft.notes, *_failures(failed)))


def _target(sample: Sample, asked: str | None) -> str | None:
    """Returns the column that is asked for; what is ahead of a column is that column's future."""
    if asked is None or asked in sample.columns:
        return asked
    if asked.removesuffix(AHEAD) in sample.columns:
        return asked.removesuffix(AHEAD)
    raise DataError(
        f"There is no column '{asked}' to predict", hint=did_you_mean(asked, sample.columns)
    )


def _failures(failed: Mapping[str, int]) -> list[str]:
    return [f"{name}: {count:,} values are no dates, and missing" for name, count in failed.items()]


def _write_windows(rows: Iterator[Row], series: Series, given: Given, records: Path) -> Draft:
    """Writes the windows of a series, and returns the draft for them."""
    time = series.windows.time or ""
    if not series.in_order:
        rows = _ordered(rows, time)
        note = f"rows were put in the order of {time}, and one was kept of those with the same time"
        given = dataclasses.replace(given, notes=(*given.notes, note))
    convert_rows(rows, records, given.source, windows=series.windows)
    return draft_series(sample_records([str(records)]), given, series)


def _ordered(rows: Iterator[Row], time: str) -> Iterator[Row]:
    """Yields rows in the order of time, the first of those that share one."""
    by_time: dict[Any, Row] = {}
    for row in rows:
        if row[time] is not None:
            by_time.setdefault(row[time], row)
    yield from (by_time[key] for key in sorted(by_time))


def _labelled(rows: Iterator[Row], label: Label) -> Iterator[dict[str, Value]]:
    """Yields the rows that have a label; one that stands for a class is an integer."""
    for row in rows:
        value = row.get(label.name)
        if value is None or value != value:
            continue
        done = dict(row)
        if label.is_whole and isinstance(value, float):
            done[label.name] = int(value)
        yield done
