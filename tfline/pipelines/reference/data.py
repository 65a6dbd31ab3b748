"""Entries of the catalog: data sets and the pipelines that read them."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path

from tfline.pipelines.datasets import DATASETS
from tfline.pipelines.reference.entry import Entry, Example, Makers
from tfline.pipelines.spec import CATALOG
from tfline.transforms.docstrings import read_docstring


def datasets() -> Makers:
    """Returns the data sets."""
    return {name: partial(_dataset, name) for name in DATASETS}


def catalog() -> Makers:
    """Returns the pipelines of the catalog."""
    return {file.stem: partial(_pipeline, file) for file in sorted(CATALOG.glob("*.yaml"))}


def _dataset(name: str) -> Entry:
    module = read_docstring(importlib.import_module(DATASETS[name].__module__).__doc__)
    writer = read_docstring(DATASETS[name].__doc__)
    source = writer.arguments.get("source", "")
    needs = "" if source.startswith("Not used") else " --from PATH"
    return Entry(
        kind="dataset",
        name=name,
        summary=module.summary,
        text=module.text,
        facts=(("Records", writer.summary.removeprefix("Writes ")), ("From", source)),
        example=Example(f"tfline data {name}{needs}", "sh"),
    )


def _pipeline(file: Path) -> Entry:
    text = file.read_text(encoding="utf-8")
    comments = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")]
    return Entry(
        kind="pipeline",
        name=file.stem,
        summary=comments[0],
        text="\n".join(comments[1:]),
        example=Example(text.strip()),
    )
