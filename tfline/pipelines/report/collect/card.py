"""The model card: what people say of the model, and what the run says.

Mitchell et al. (2019), "Model cards for model reporting".
"""

from __future__ import annotations

import dataclasses

from tfline.pipelines.report.collect import data as data_section
from tfline.pipelines.report.collect.model import size_of
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.spec.card import CardSpec
from tfline.tasks.table import find_task

"""Classes that are named; the others are counted."""


@dataclasses.dataclass(frozen=True)
class CardSection:
    """The model card.

    Attributes:
        written: The part that is written in the spec.
        pipeline: Name of the pipeline, and of the model that is served.
        task: What is predicted, in words.
        model: The kind of model.
        data: What it was trained and judged on, in words.
        metrics: The overall metrics, in words.
        limits: What the run itself shows: weak slices, small slices, drift, missing values.
    """

    written: CardSpec
    pipeline: str
    task: str
    model: str
    data: tuple[str, ...]
    metrics: dict[str, float | None]
    limits: tuple[str, ...]


def collect(files: RunFiles) -> CardSection:
    """Returns the card, as far as the run has got."""
    training, verdict = files.training, files.verdict
    size = f"{training['model']}, {size_of(training)}" if training else ""
    return CardSection(
        written=files.card,
        pipeline=files.record.pipeline,
        task=_task(files),
        model=size or "none yet",
        data=_data(files),
        metrics=verdict["slices"][0]["metrics"] if verdict else {},
        limits=(*_weak_slices(files), *_weak_data(files)),
    )


def _task(files: RunFiles) -> str:
    content = files.transform or files.verdict
    if content is None:
        return "not known yet"
    task = find_task(content["task"]).describe(content["classes"])
    return f"{content['label']}: {task}"


def _data(files: RunFiles) -> tuple[str, ...]:
    lines = [
        f"{split}: {int(dataset.num_examples):,} records"
        for split, dataset in files.statistics.items()
    ]
    lines += [
        f"{part.label.removeprefix('data.')}: {part.value.rpartition(', ')[0]}"
        for part in files.record.parts.get("ExampleGen", ())
        if part.kind == "file"
    ]
    return tuple(lines)


def _weak_slices(files: RunFiles) -> list[str]:
    verdict = files.verdict
    if verdict is None:
        return []
    lines = [
        f"{rule['reason']}"
        for rule in verdict["rules"]
        if rule["outcome"] in ("failed", "not_proven")
    ]
    small = sum(entry["small"] for entry in verdict["slices"])
    if small:
        smallest = verdict["min_slice_size"]
        lines.append(f"{small} slices have fewer than {smallest} records: nothing is known of them")
    return lines


def _weak_data(files: RunFiles) -> list[str]:
    section = data_section.collect(files)
    if section is None:
        return []
    used = [feature for feature in section.features if feature.role in ("feature", "label")]
    lines = [
        f"{feature.name} is missing in {split.missing:.0%} of the train records"
        for feature in used
        if (split := feature.splits.get("train")) is not None and split.missing >= 0.05
    ]
    lines += [
        f"{feature.name} differs between train and eval (divergence {feature.drift:.2f})"
        for feature in used
        if feature.drift is not None and feature.drift >= section.drifted
    ]
    return lines
