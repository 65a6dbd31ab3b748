"""How many independent examples say as much."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tfline.components.evaluator.measuring.pieces import COUNTED_UNITS, Pieces
from tfline.components.evaluator.measuring.uncertainty import (
    AddSums,
    ResampleGroup,
    Resampling,
    measure_doubt,
)
from tfline.components.evaluator.reading.counting import Counted
from tfline.components.evaluator.reading.groups import Group
from tfline.metrics.arrays import Array
from tfline.metrics.statistic import Decision
from tfline.metrics.table import METRICS

LABELS = np.array([0, 0, 0, 1])
AUC, ACCURACY, RECALL = METRICS["auc"], METRICS["accuracy"], METRICS["recall"]


def group(labels: Array, counted: Counted) -> Group:
    scores = np.linspace(0.1, 0.9, len(labels)).astype(np.float32)
    return Group((), labels, {"": scores}, np.arange(len(labels)), len(labels), (0, 0), counted)


def test_examples_of_equal_weight_are_as_many_as_there_are() -> None:
    pieces = Pieces.of(group(LABELS, Counted()), binary=True)
    assert pieces.units is None
    assert (pieces.effective(ACCURACY), pieces.effective(AUC)) == (4, 1)
    assert pieces.effective(RECALL) == 1


def test_few_examples_of_large_weight_are_fewer() -> None:
    weights = np.array([1.0, 1.0, 1.0, 3.0])
    pieces = Pieces.of(group(LABELS, Counted(weights)), binary=True)
    assert pieces.effective(ACCURACY) == pytest.approx(36 / 12)
    assert pieces.certain(ACCURACY) == pytest.approx(12**2 / 84)  # fewer still tell an error


def test_units_are_the_pieces_and_their_parts_are_added() -> None:
    units = np.array([5, 9, 5, 7], np.uint64)
    parts = [
        Pieces.of(group(LABELS[rows], Counted(units=units[rows])), binary=True)
        for rows in (slice(0, 2), slice(2, 4))
    ]
    both = parts[0] + parts[1]
    assert both.units == 3
    assert both.effective(ACCURACY) == pytest.approx(16 / 6)


def test_many_units_take_bounded_memory() -> None:
    units = np.arange(5000, dtype=np.uint64)
    pieces = Pieces.of(group(np.zeros(5000, int), Counted(units=units)), binary=False)
    assert pieces.units == COUNTED_UNITS
    assert pieces.effective(ACCURACY) == COUNTED_UNITS


def test_one_unit_says_nothing_of_how_far_a_value_is_off() -> None:
    how = Resampling(("auc",), "binary", {"": Decision(2)}, 50, seed=0, independent=False)
    labels = np.tile([0, 1], 30)
    [(_, sums)] = ResampleGroup(how).process(group(labels, Counted(units=np.zeros(60, np.uint64))))
    doubt = measure_doubt(how, AddSums().merge_accumulators([sums]))
    assert doubt.units == 1
    spread = doubt.uncertainty["auc", None].candidate
    assert spread is not None
    assert spread.error == math.inf
