"""Entries of the catalog: data sets and the pipelines that read them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from tfline.pipelines.datasets import DATASETS
from tfline.pipelines.reference.entry import Entry, Example
from tfline.pipelines.spec import CATALOG
from tfline.transforms.docstrings import read_docstring


def datasets() -> Sequence[Entry]:
    """Returns an entry for each data set."""
    return [_dataset(name) for name in DATASETS]


def catalog() -> Sequence[Entry]:
    """Returns an entry for each pipeline of the catalog."""
    return [
        _pipeline(file.stem, file.read_text("utf-8")) for file in sorted(CATALOG.glob("*.yaml"))
    ]


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


def _pipeline(name: str, text: str) -> Entry:
    comments = [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")]
    return Entry(
        kind="pipeline",
        name=name,
        summary=comments[0],
        text="\n".join(comments[1:]),
        example=Example(text.strip()),
    )
