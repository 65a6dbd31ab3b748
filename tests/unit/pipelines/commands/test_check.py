"""`tfline check`: what a spec would do, and what is wrong with ten that are broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tfline.pipelines import cli

GOOD = {
    "name": "trips",
    "data": "{train: train.tfrecord, eval: eval.tfrecord}",
    "label": "tip",
    "features": "{z_score: [fare]}",
    "model": "mlp",
}


@pytest.fixture(autouse=True)
def project(folder: Path, monkeypatch: pytest.MonkeyPatch, write_rows) -> Path:
    """Sixty trips to train on, and the same to evaluate on."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    rows = [
        {
            "tip": i % 2,
            "fare": float(i),
            "day": ("monday", "sunday")[i % 2],
            "loads": [1.0, 2.0, 3.0],
            "town": ("Bern", "Lima", "Oslo")[i % 3],
        }
        for i in range(60)
    ]
    for split in ("train", "eval"):
        write_rows(folder / f"{split}.tfrecord", rows)
    return folder


def check(changes: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Checks a spec; returns the exit code, and what was printed."""
    lines = [f"{key}: {value}" for key, value in {**GOOD, **changes}.items()]
    Path("spec.yaml").write_text("\n".join(lines))
    code = cli.main(["check", "spec.yaml"])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


BROKEN = {
    "a key that is none": (
        {"modle": "mlp"},
        "Unknown key 'modle'",
        "spec.yaml:6, modle",
        "Did you mean 'model'?",
    ),
    "a transform that is none": (
        {"features": "{zscore: [fare]}"},
        "Unknown transform 'zscore'",
        "spec.yaml:4, features.zscore",
        "Did you mean 'z_score'?",
    ),
    "a feature that no record has": (
        {"features": "{z_score: [fair]}"},
        "The feature 'fair' is in none of the first 60 records",
        "train.tfrecord",
        "Did you mean 'fare'?",
    ),
    "text where numbers are meant": (
        {"features": "{z_score: [day]}"},
        "The feature 'day' holds text in the first 60 records, but numbers are taken",
        "train.tfrecord",
        "Use a transform of categories",
    ),
    "a pattern without a file": (
        {"data": "{train: trian.tfrecord, eval: eval.tfrecord}"},
        "No file matches the pattern 'trian.tfrecord'",
        "where: ",
        "Patterns are relative to the current folder",
    ),
    "a bound that none can keep": (
        {"evaluate": "{require: {auc: 90}}"},
        "`auc` is a share between 0 and 1. Received: min 90",
        "spec.yaml:6, evaluate.require.auc",
        "Write 0.9 for 90 %.",
    ),
    "a class that is none": (
        {"label": "{key: day, classes: [monday, tuesday]}"},
        "The label 'sunday' is none of `label.classes`",
        "train.tfrecord",
        "Known: monday, tuesday.",
    ),
    "a weight of a class that is none": (
        {"label": "{key: day, classes: [monday, sunday]}", "train": "{class_weights: {Sun: 2}}"},
        "There is no class 'Sun'",
        "spec.yaml:6, train.class_weights",
        "Known: monday, sunday.",
    ),
    "a group by which nothing can be divided": (
        {"data": "{files: '*.tfrecord', split: {train: 0.8, eval: 0.2, by: group, feature: twn}}"},
        "The feature 'twn', by which `data.split` divides, is in none of the first 60 records",
        "eval.tfrecord",
        "Did you mean 'town'?",
    ),
    "an interval that is none": (
        {"train": "{checkpoints: often}"},
        "such as `500 steps` or `10 minutes`. Received: 'often'",
        "spec.yaml:6, train.checkpoints",
        "`tfline help train.checkpoints`",
    ),
    "a schedule of one's own that is not there": (
        {"train": "{schedule: my_rates.halves}"},
        "'my_rates.halves' cannot be imported",
        "spec.yaml:6, train.schedule",
        "Install the package it is in",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_spec_is_refused_with_what_where_and_what_to_do(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, message, where, to_do = BROKEN[name]
    code, printed = check(changes, capsys)
    assert code == 2
    first, place, *_ = printed.splitlines()
    assert message in first
    assert place.startswith("  where: ")
    assert where in place or where in first
    assert to_do in printed
    assert "  to do: " in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("tip", "tip (binary: 1 (positive) or 0, by the first 60 records)"),
        ("day", "day (binary: sunday (positive) or monday, by the first 60 records)"),
        ("{key: day, classes: [sunday, monday]}", "day (binary: monday (positive) or sunday)"),
        ("town", "town"),
        ("{key: tip, task: regression}", "tip"),
    ],
)
def test_positive_class_is_said(label: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = check({"label": label}, capsys)
    assert code == 0
    assert f"  label      {words}" in printed.splitlines()
