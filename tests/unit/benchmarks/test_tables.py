"""How the benchmark of tables divides, judges and compares, without training anything."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.tables.__main__ import NETWORKS, Line
from benchmarks.tables.ours import defaults
from benchmarks.tables.sources import Source, tables


def test_file_is_named_with_its_label_and_what_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": range(50), "tip": [0, 1] * 25, "known later": 1})
    path = tmp_path / "trips.csv.gz"
    frame.to_csv(path, index=False)
    source = Source.read(f"{path}:tip:known later")
    assert (source.name, source.label, source.left_out) == ("trips", "tip", ("known later",))
    *_, table = tables([source], Path("/nowhere"))
    assert (table.task, table.metric, [*table.frame]) == ("binary", "auc", ["x", "tip"])
    assert [one.task for one in tables([], Path())] == ["binary", "regression", "multiclass"]


def test_a_fifth_of_each_class_is_held_out_the_same_for_a_seed() -> None:
    cancer, diabetes, wine = tables([], Path())
    for table in (cancer, wine):
        held_out = table.held_out(3)
        for value in table.frame[table.label].unique():
            rows = (table.frame[table.label] == value).to_numpy()
            assert held_out[rows].mean() == pytest.approx(0.2, abs=0.01)
    assert diabetes.held_out(0).mean() == pytest.approx(0.2, abs=0.01)
    assert (cancer.held_out(1) == cancer.held_out(1)).all()
    assert (cancer.held_out(1) != cancer.held_out(2)).any()


def test_what_is_behind_is_a_share_of_errors_and_a_difference_of_the_rest() -> None:
    values = {"LightGBM": 0.90, "CatBoost": 0.92, "mlp": 0.91, "init --budget": 0.93}
    line = Line("t", 1, "auc", values, {}, ())
    assert line.behind(["init --budget"]) == pytest.approx(-0.01)
    assert line.behind(NETWORKS) == pytest.approx(0.01)
    line = Line("t", 1, "rmse", {"LightGBM": 10.0, "CatBoost": 20.0, "mlp": 11.0}, {}, ())
    assert line.behind(NETWORKS) == pytest.approx(0.1)
    assert math.isnan(line.behind(["init --budget"]))


def test_every_network_is_measured_as_init_writes_it() -> None:
    assert [candidate.name for candidate in defaults()] == ["boosted_trees", *NETWORKS]
    assert np.unique([repr(candidate.features) for candidate in defaults()[1:]]).size == 1
