"""A model that has learnt nothing is not blessed, whatever else is required."""

from __future__ import annotations

import json
import random

import pytest

pytestmark = pytest.mark.whole


def verdict(project) -> dict[str, object]:
    """The verdict of the last run."""
    return json.loads((project.output("Evaluator", "evaluation") / "verdict.json").read_text())


def test_model_of_a_shuffled_label_is_not_blessed(
    project, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(5)
    for split in ("train", "eval"):
        rows = [{**row, "tip": chance.randint(0, 1)} for row in project.rows[split]]
        project.write(split, rows)
    nothing = {"evaluate": "{slices: [day]}"}
    assert project.run(**nothing) == 3
    assert "does not beat the majority class" in capsys.readouterr().out
    assert verdict(project)["blessed"] is False
    assert project.run(evaluate="{baselines: warn}") == 0
    assert "does not beat the majority class" in capsys.readouterr().out
    assert "Trainer" not in project.executed()
    assert project.run(evaluate="{baselines: off}") == 0
    assert verdict(project)["naive"] == []


def test_model_that_has_learnt_beats_them(finished) -> None:
    naive = verdict(finished)["naive"]
    assert {one["name"]: one["beaten"] for one in naive} == {"constant": True, "linear": True}
    assert naive[0]["value"] == 0.5
