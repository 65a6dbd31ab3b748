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


@pytest.mark.parametrize(
    ("options", "first", "values"),
    [
        (("--over", "train.learning_rate=0.000001,0.3"), "train.learning_rate", ["1e-06", "0.3"]),
        (("--sizes", "0.25,1.0"), "share of the training folds", ["0.25", "1.0"]),
    ],
)
def test_curve_is_printed_and_plotted(
    tuned,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, str],
    first: str,
    values: list[str],
) -> None:
    shared = ("--folds", "2", "--set", "train.weight=fare", "--metric", "loss")
    shared += ("--output", "curve.html")
    assert tuned.tfline("cv", "spec.yaml", *options, *shared) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(first))
    assert lines[start].split()[-4:] == ["loss", "deviation", "in", "training"]
    rows = [line.split() for line in lines[start + 1 : start + 3]]
    assert [row[0] for row in rows] == values
    assert float(rows[1][1]) < float(rows[0][1])
    assert ("best: train.learning_rate=0.3" in lines) == (first == "train.learning_rate")
    assert "held out" in (tuned.folder / "curve.html").read_text()


def test_nested_search_prints_what_is_held_out(tuned, capsys: pytest.CaptureFixture[str]) -> None:
    tune = "tune={over: {train.learning_rate: [0.1, 0.2]}, search: grid, epochs: 1}"
    shared = ("--folds", "2", "--set", "train.weight=fare")
    assert tuned.tfline("cv", "spec.yaml", "--nested", *shared) == 2
    assert "The spec searches no settings" in capsys.readouterr().err
    assert tuned.tfline("cv", "spec.yaml", "--nested", *shared, "--set", tune) == 0
    assert "accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--over", "train.learning_rte=1,2"), "learning_rte"),
        (("--over", "train.epochs=1"), "Expected two values"),
        (("--sizes", "0.5,2"), "A share is above 0, and 1 at most"),
    ],
)
def test_curve_that_cannot_be_drawn_is_refused(
    tuned, capsys: pytest.CaptureFixture[str], options: tuple[str, str], message: str
) -> None:
    assert tuned.tfline("cv", "spec.yaml", *options, "--set", "train.weight=fare") == 2
    assert message in capsys.readouterr().err


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


def test_rehearsal_runs_everything_and_keeps_nothing(
    tuned, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = len(tuned.records)
    few = ("check", "spec.yaml", "--work", str(tuned.work.root), "--rehearse", "40")
    assert tuned.tfline(*few) == 0
    printed = capsys.readouterr().out
    assert "40 train, 40 eval records" in printed
    assert printed.splitlines()[-1].startswith("The rehearsal went through")
    assert (len(tuned.records), (tuned.work.root / "rehearsal").exists()) == (runs, False)
    (tuned.folder / "own_mistake.py").write_text("def build(features, head):\n    return 1 / 0\n")
    assert tuned.tfline(*few, "--set", "model=own_mistake.build") == 2
    error = capsys.readouterr().err
    assert "own_mistake.py:2: ZeroDivisionError" in error
    [log] = (tuned.work.root / "rehearsal" / "logs").iterdir()
    assert f"log: {log}" in error
