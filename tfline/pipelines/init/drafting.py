"""From a sample to a spec: the decisions, one after the other. Pure, but for nothing is written."""

from __future__ import annotations

import collections
import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfline.components.artifacts.windows import AHEAD
from tfline.components.trainer.models import TREES
from tfline.pipelines.init import settings
from tfline.pipelines.init.candidates import Candidate, Sort, fitting
from tfline.pipelines.init.columns import Column, Sample
from tfline.pipelines.init.features import MOST_LINES, PICTURES, usable
from tfline.pipelines.init.kinds import Kind, kind_of
from tfline.pipelines.init.label import Label, choose_label
from tfline.pipelines.init.leaks import explained_by, told_together
from tfline.pipelines.init.probe import Probe, probe
from tfline.pipelines.init.series import Series
from tfline.pipelines.init.spec_text import Section, listed, write_text
from tfline.pipelines.init.split import Split, choose_split
from tfline.transforms.errors import DataError

LEAST_RECORDS = 10
"""Fewer records are nothing to learn from."""

MOST_CHARACTERS = 120
"""Longer lines are cut."""

_UNSAFE = re.compile(r"[^a-z0-9_-]+")


@dataclasses.dataclass(frozen=True)
class Given:
    """What is known before anything is decided.

    Attributes:
        name: Of the pipeline.
        source: The data, as people name it.
        data: What `data` of the spec says of the files, without the split.
        is_split: Whether the data is in train and eval files already.
        leaves_out: Whether records without a label are left out when the data is converted.
        in_order: Whether the columns have an order; those of a tf.Example have none.
        notes: What was found while the data was read.
    """

    name: str
    source: str
    data: Mapping[str, Any]
    is_split: bool = False
    leaves_out: bool = False
    in_order: bool = True
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Draft:
    """A spec with its reasons, which has no model yet.

    Attributes:
        given: Where the data is.
        sample: Its records.
        label: What is predicted.
        split: How records are divided; None: they are already.
        sort: The sort of data that the models have to fit.
        kept: The columns that a model may learn from.
        left_out: The others, by reason.
        notes: What else there is to say of the features.
        evaluate: The section of that name.
        reasons: Of that section.
        probe: Of a table, how a linear model and trees did on the sample; None: not looked at.
    """

    given: Given
    sample: Sample
    label: Label
    split: Split | None
    sort: Sort
    kept: Mapping[str, Kind]
    left_out: Mapping[str, Sequence[str]]
    notes: tuple[str, ...]
    evaluate: Mapping[str, Any]
    reasons: str
    probe: Probe | None = None

    @property
    def candidates(self) -> list[Candidate]:
        """The models that can be trained on the columns, the default first."""
        classes = self.sample.columns[self.label.name].distinct
        found = fitting(self.sort, self.kept, self.label.task, classes)
        if self.is_smooth:
            found.sort(key=lambda candidate: candidate.name in TREES)
        return found

    @property
    def is_smooth(self) -> bool:
        """Whether a linear model did better on the sample than trees."""
        return self.probe is not None and self.probe.linear > self.probe.trees

    def sections(self, candidate: Candidate, note: str = "") -> list[Section]:
        """Returns the spec with a model.

        Args:
            candidate: The model.
            note: Why this one, for people.
        """
        data = dict(self.given.data)
        if not note and self.probe is not None and self.is_smooth:
            note = self.probe.note
        split_note: tuple[str, ...] = ()
        if self.split is not None:
            data["split"] = dict(self.split.rule)
            split_note = (f"split: {self.split.why}",)
        train = (
            {}
            if candidate.trains_itself
            else settings.train_settings(self.sample.records, candidate.train)
        )
        features = candidate.features(self.sample, self.kept)
        first = f"From {self.given.source}: {self.sample.records:,} records. Edit, then run it."
        return [
            Section("name", self.given.name, (first, *self.given.notes)),
            Section("data", data, split_note),
            Section("label", _label(self.label), (_label_note(self.label),)),
            *_feature_sections(features, self._comments()),
            Section("model", candidate.model, (note,) if note else ()),
            *([Section("train", train)] if train else []),
            *([Section("evaluate", self.evaluate, (self.reasons,) if self.reasons else ())]
              if self.evaluate else []),
            Section("push", f"models/{self.given.name}"),
        ]  # fmt: skip

    def text(self, candidate: Candidate, note: str = "") -> str:
        """Returns the spec with a model as YAML."""
        return write_text(self.sections(candidate, note))

    def _comments(self) -> tuple[str, ...]:
        left = (f"left out, {reason}: {listed(names)}" for reason, names in self.left_out.items())
        return (*left, *self.notes)


def _feature_sections(features: Mapping[str, Any], comments: tuple[str, ...]) -> list[Section]:
    if not features:
        return []
    return [Section("features", features, comments, is_block=True)]


def _label(label: Label) -> Any:
    if label.classes:
        return {"key": label.name, "classes": list(label.classes)}
    return {"key": label.name, "task": label.task, **label.form}


def _label_note(label: Label) -> str:
    return "label: " + "; ".join(filter(None, (label.why, label.note)))


def pipeline_name(text: str) -> str:
    """Returns the name of a pipeline, made of that of a file."""
    name = _UNSAFE.sub("_", text.lower()).strip("_-")
    return name if name[:1].isalpha() else f"data_{name}".rstrip("_")


def kinds_in(sample: Sample) -> dict[str, Kind]:
    """Returns what each column is."""
    return {name: kind_of(column, sample.records) for name, column in sample.columns.items()}


def draft_table(sample: Sample, given: Given, asked: str | None) -> Draft:
    """Returns the draft of a spec for records that stand for themselves.

    Args:
        sample: The records.
        given: Where they are.
        asked: The label that is asked for; None: it is guessed.

    Raises:
        DataError: There is too little data, no label, or no column to learn from.
    """
    if sample.records < LEAST_RECORDS:
        raise DataError(
            f"There are {sample.records} records: too few to learn from",
            given.source,
            f"Give {LEAST_RECORDS} at least; a model that can be trusted needs hundreds.",
        )
    kinds = kinds_in(sample)
    label = choose_label(sample, kinds, asked, in_order=given.in_order)
    missing = sample.columns[label.name].missing
    if missing and given.leaves_out:
        sample = labelled(sample, label.name)
        kinds = kinds_in(sample)
        note = f"left out: {missing:.1%} of the records, which have no label"
        given = dataclasses.replace(given, notes=(*given.notes, note))
    is_class = label.task in ("binary", "multiclass")
    one_value = label.task in ("binary", "multiclass", "regression")
    explained = explained_by(sample, kinds, label.name, is_class=is_class) if one_value else {}
    together = (
        told_together(sample, kinds, label.name, explained, is_class=is_class) if one_value else {}
    )
    split = None if given.is_split else choose_split(sample, kinds, label)
    kept, left_out, notes = usable(sample, kinds, {label.name: ""}, explained, together)
    if not kept:
        raise DataError(
            f"No column is left to predict '{label.name}' from",
            given.source,
            ". ".join(f"Left out, {reason}: {listed(names)}" for reason, names in left_out.items()),
        )
    sort = _sort(kept, label)
    kept, dropped = _of_sort(sort, kept)
    if dropped:
        left_out = {**left_out, f"a model for {_SORT_NAMES[sort]} does not read it": dropped}
    evaluate, reasons = _evaluate(sample, kinds, label, None)
    looked = probe(sample, kept, label) if sort == "table" else None
    return Draft(
        given, sample, label, split, sort, kept, left_out, notes, evaluate, reasons, looked
    )


def labelled(sample: Sample, label: str) -> Sample:
    """Returns the records of a sample that have a label."""
    known = [bool(values) for values in sample.columns[label].values]
    columns = {
        name: Column(name, [one for one, has in zip(column.values, known, strict=True) if has])
        for name, column in sample.columns.items()
    }
    return Sample(round(sample.records * sum(known) / len(known)), columns)


def draft_lines(sample: Sample, given: Given) -> Draft:
    """Returns the draft of a spec that goes on with a text, character by character."""
    [(name, column)] = sample.columns.items()
    lengths = sorted(len(str(line)) for line in column.flat)
    length = min(max(lengths[int(0.9 * (len(lengths) - 1))] + 2, 8), MOST_CHARACTERS)
    form = {"transform": {"split": {"by": "character"}}, "length": length}
    label = Label(name, "text", "how a line goes on, character by character", form=form)
    perplexity = round(unigram_perplexity([str(line) for line in column.flat]), 1)
    evaluate = {"metrics": ["perplexity"], "require": {"perplexity": perplexity}}
    reason = f"perplexity {perplexity:g} is that of single characters by their frequency"
    split = choose_split(sample, {name: "text"}, label)
    return Draft(given, sample, label, split, "prose", {}, {}, (), evaluate, reason)


def unigram_perplexity(lines: Sequence[str]) -> float:
    """Returns the perplexity of characters that are guessed by their frequency."""
    counts = collections.Counter(character for line in lines for character in line)
    total = sum(counts.values())
    return math.exp(-sum(n / total * math.log(n / total) for n in counts.values()))


def draft_series(sample: Sample, given: Given, series: Series) -> Draft:
    """Returns the draft of a spec that forecasts, for records that are windows of a series."""
    windows = series.windows
    what = f"the next {windows.steps} values" if windows.steps > 1 else "the next value"
    label = Label(
        f"{windows.target}{AHEAD}",
        "forecast",
        f"{what} of {windows.target}, from the last {windows.length}; a row a {series.step}",
        form={"horizon": windows.steps},
    )
    kinds = kinds_in(sample)
    taken = dict.fromkeys(("window_start", "window_end", label.name), "")
    kept, left_out, notes = usable(sample, kinds, taken, {})
    kept = {name: kind for name, kind in kept.items() if kind in ("vector", "series")}
    others = [n for n in kinds if n not in kept and n not in taken and not _is_in(n, left_out)]
    if others:
        left_out = {**left_out, "no series of numbers": others}
    ordered = dict.fromkeys((windows.target, *kept))  # the target first
    if len(ordered) > MOST_LINES:
        left_out = {**left_out, "to keep it short": list(ordered)[MOST_LINES:]}
    kept = {name: kept[name] for name in list(ordered)[:MOST_LINES] if name in kept}
    evaluate, reasons = _evaluate(sample, kinds, label, series.naive_error)
    split = choose_split(sample, kinds, label)
    return Draft(given, sample, label, split, "series", kept, left_out, notes, evaluate, reasons)


def _is_in(name: str, groups: Mapping[str, Sequence[str]]) -> bool:
    return any(name in names for names in groups.values())


def _evaluate(
    sample: Sample, kinds: Mapping[str, Kind], label: Label, naive_error: float | None
) -> tuple[dict[str, Any], str]:
    """Returns the section `evaluate` and its reasons."""
    require, reason = settings.bounds(label, sample, naive_error)
    slices, protected = settings.slices(sample, kinds, label.name)
    found: dict[str, Any] = {"slices": slices} if slices else {}
    note = f"{reason}; no worse than a linear model, nor than the live one" if reason else ""
    if require:
        found |= {"require": require, "change": settings.tolerated(require)}
    return found, "; ".join(filter(None, (note, protected)))


_SORT_NAMES: Mapping[Sort, str] = {
    "table": "tables",
    "text": "texts",
    "image": "pictures",
    "series": "series",
    "translation": "translation",
}


def _sort(kept: Mapping[str, Kind], label: Label) -> Sort:
    kinds = set(kept.values())
    if label.task == "text" and "text" in kinds:
        return "translation"
    if label.task == "text":
        raise DataError(
            f"The label '{label.name}' is free text, and no column of text is beside it",
            hint="Choose another column: `--label COLUMN`.",
        )
    if kinds & PICTURES:
        return "image"
    return "text" if list(kept.values()) == ["text"] else "table"


def _of_sort(sort: Sort, kept: Mapping[str, Kind]) -> tuple[dict[str, Kind], list[str]]:
    """Returns the columns that models of a sort read, and those that they do not."""
    if sort in ("table", "text"):
        return dict(kept), []
    wanted = PICTURES if sort == "image" else frozenset({"text"})
    chosen = next(name for name, kind in kept.items() if kind in wanted)
    return {chosen: kept[chosen]}, [name for name in kept if name != chosen]
