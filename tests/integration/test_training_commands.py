"""The Tuner, a warm start, sample weights, `tfline cv` and `tfline lr-find` in whole pipelines."""

from __future__ import annotations

import json
import re

import pytest

from tfline.pipelines.run.records import list_runs

pytestmark = pytest.mark.whole

TUNE = {
    "tune": "{over: {train.learning_rate: {min: 0.05, max: 0.2, scale: log}}, trials: 2}",
    "train__weight": "fare",
}


@pytest.fixture(scope="module")
def tuned(make_project):
    """A project whose learning rate the Tuner has found; examples count as much as they paid."""
    project = make_project()
    if project.run(**TUNE) != 0:
        pytest.fail(project.records[-1].error)
    return project


def test_best_values_feed_the_trainer(tuned) -> None:
    [record] = list_runs(tuned.work.runs)[:1]
    results = json.loads((record.output("Tuner", "tuner_results") / "trials.json").read_text())
    assert len(results["trials"]) == 2
    best = min(results["trials"], key=lambda trial: trial["score"])
    assert results["trials"][0] == best
    training = json.loads((record.output("Trainer", "model_run") / "training.json").read_text())
    rate = best["values"]["train.learning_rate"]
    assert training["train"]["learning_rate"] == rate
    assert training["history"]["learning_rate"] == pytest.approx([rate] * 2)
    assert record.components["Tuner"].summary.startswith("2 trials, val_loss ")
    assert not tuned.work.training.exists()


def test_cross_validation_prints_mean_and_deviation(
    tuned, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = len(tuned.records)
    assert tuned.tfline("cv", "spec.yaml", "--folds", "2", "--set", "train.weight=fare") == 0
    lines = capsys.readouterr().out.splitlines()
    [accuracy] = [line.split() for line in lines if line.startswith("accuracy")]
    mean, deviation, *folds = (float(word) for word in accuracy[1:])
    assert mean == pytest.approx(sum(folds) / 2, abs=1e-4)
    assert deviation == pytest.approx(abs(folds[0] - folds[1]) / 2**0.5, abs=1e-3)
    assert len(tuned.records) == runs


def test_learning_rate_is_found_and_plotted(tuned, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--steps", "40", "--output", "rates.html", "--set", "train.weight=fare")
    assert tuned.tfline("lr-find", "spec.yaml", *arguments) == 0
    printed = re.search(r"train: \{learning_rate: (.*)\}", capsys.readouterr().out)
    assert printed is not None
    assert 1e-6 < float(printed[1]) < 10
    page = (tuned.folder / "rates.html").read_text()
    assert "learning rate" in page
    assert "src=" not in re.sub(r"(?s)<script.*?</script>", "", page)


def test_warm_start_begins_with_the_pushed_model(tuned) -> None:
    runs = len(tuned.records)
    assert tuned.run(**TUNE) == 0
    assert len(tuned.records) == runs
    assert tuned.run(**TUNE, train__warm_start=True, train__epochs=1) == 0
    assert "Trainer" in tuned.executed()
    log = tuned.work.log(tuned.records[-1].id).read_text()
    assert re.search(r"begins with (\d+) of \1 variables of the pushed model", log)


@pytest.mark.parametrize(
    ("command", "option"), [("cv", ("--folds", "1")), ("lr-find", ("--steps", "1"))]
)
def test_number_that_is_too_small_is_refused(
    project, capsys: pytest.CaptureFixture[str], command: str, option: tuple[str, str]
) -> None:
    assert project.tfline(command, "spec.yaml", *option) == 2
    assert "Expected 2" in capsys.readouterr().err
