"""Trees or a linear model: what a sample of a table says."""

from __future__ import annotations

import random

import pytest

from tfline.pipelines.init.columns import Column, Sample, as_values
from tfline.pipelines.init.kinds import Kind
from tfline.pipelines.init.label import Label, Task
from tfline.pipelines.init.probe import probe

CHANCE = random.Random(5)
ROWS = 600
A, B = ([CHANCE.gauss(0, 1) for _ in range(ROWS)] for _ in "ab")
NOISE = [CHANCE.gauss(0, 0.5) for _ in range(ROWS)]
KEPT: dict[str, Kind] = {"a": "number", "b": "number"}


def table(target: list[object]) -> Sample:
    columns = {"a": [None, *A[1:]], "b": B, "y": target}
    return Sample(
        ROWS, {name: Column(name, [*map(as_values, values)]) for name, values in columns.items()}
    )


@pytest.mark.parametrize(
    ("task", "target", "is_linear"),
    [
        ("regression", [a - 2 * b + e for a, b, e in zip(A, B, NOISE, strict=True)], True),
        ("regression", [a * b + e for a, b, e in zip(A, B, NOISE, strict=True)], False),
        (
            "binary",
            ["x" if a - b + e > 0 else "y" for a, b, e in zip(A, B, NOISE, strict=True)],
            True,
        ),
        ("binary", [int(a * b > 0) for a, b in zip(A, B, strict=True)], False),
    ],
)
def test_sums_suit_a_linear_model_and_products_suit_trees(
    task: Task, target: list[object], is_linear: bool
) -> None:
    found = probe(table(target), KEPT, Label("y", task, ""))
    assert found is not None
    assert (found.linear > found.trees) is is_linear


def test_too_few_of_a_class_or_no_number_tell_nothing() -> None:
    rare = table([int(i < 5) for i in range(ROWS)])
    assert probe(rare, KEPT, Label("y", "binary", "")) is None
    assert probe(table(list(A)), {"a": "text"}, Label("y", "regression", "")) is None
