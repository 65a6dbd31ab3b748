"""The Python API on real runs: what a run tells, and functions in the place of names."""

from __future__ import annotations

import linecache
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tfline

CELL = """\
import keras

from tfline.components.trainer.models.inputs import build_inputs, dense_vector

UNITS = 4

def build(features, head):
    inputs = build_inputs(features)
    hidden = keras.layers.Dense(UNITS, activation="relu")(dense_vector(inputs, features, 2))
    return keras.Model(inputs, head.output(hidden))
"""


@pytest.fixture
def here(finished, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The project that has run, as the current folder."""
    monkeypatch.chdir(finished.folder)
    return finished


def test_run_tells_its_verdict_metrics_and_slices(here: Any) -> None:
    [run] = tfline.runs("trips")
    assert (run.status, run.pipeline, run.error) == ("blessed", "trips", "")
    assert run.verdict
    assert run.verdict.blessed
    assert "BLESSED" in str(run.verdict)
    assert "BLESSED" in run.verdict._repr_html_()
    assert 0.6 < run.metrics["accuracy"] <= 1
    assert run.slices.index[0] == "overall"
    assert set(run.slices.index[1:]) == {"day=monday", "day=sunday"}
    assert run.slices.loc["overall", "records"] == 80
    assert run.slices.loc["overall", "accuracy"] == run.metrics["accuracy"]
    assert "<td>Trainer</td>" in run._repr_html_()
    assert run.output("Trainer", "model").is_dir()
    with pytest.raises(tfline.SpecError, match="has no artifact 'nosuch' of Trainer"):
        run.output("Trainer", "nosuch")


def test_run_writes_its_report_and_a_comparison(here: Any, tmp_path: Path) -> None:
    [run] = tfline.runs("trips")
    page = run.report(tmp_path / "page.html")
    assert page.path.read_text().startswith("<!doctype html>")
    assert page._repr_html_().startswith("<iframe srcdoc=")
    assert run.compare(run, tmp_path / "both.html").path.is_file()


def test_run_serves_the_version_that_it_has_pushed(here: Any) -> None:
    [run] = tfline.runs("trips")
    with run.serve() as client:
        low, high = client.predict([{"fare": 0.5, "day": "monday"}, {"fare": 9.5, "day": "sunday"}])
    assert set(low.probabilities) == set(high.probabilities) == {"0", "1"}
    assert high.probabilities["1"] > low.probabilities["1"]


def test_unchanged_pipeline_returns_its_last_run(
    here: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    pipeline = tfline.Pipeline.load("spec.yaml")
    assert pipeline.run(progress=False).id == tfline.runs("trips")[-1].id
    assert capfd.readouterr().out == ""
    assert not pipeline.why("Evaluator")


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Executes a text as a notebook does and returns its `build`."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", "")
    module = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)

    def execute(text: str) -> Any:
        file = f"/tmp/ipykernel_2/{hash(text)}.py"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), vars(module))
        return vars(module)["build"]

    return execute


def test_function_of_a_notebook_is_trained_and_an_error_in_it_names_its_line(
    project: Any, cell: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    evaluate = {"baselines": "off"}  # two epochs beat no other model
    run = tfline.Pipeline.load("spec.yaml", model=cell(CELL), evaluate=evaluate).run(progress=False)
    assert run.verdict
    assert run.version.number == project.versions()[-1]

    # The same cell again is the same model; another constant is another one.
    again = tfline.Pipeline.load("spec.yaml", model=cell(CELL), evaluate=evaluate)
    assert not again.why("Trainer")
    broken = cell(CELL.replace("head.output(hidden)", "head.no_such_output(hidden)"))
    with pytest.raises(tfline.OwnCodeError) as caught:
        tfline.Pipeline.load("spec.yaml", model=broken).run(progress=False)
    assert caught.value.component == "Trainer"
    assert caught.value.log is not None
    assert "no_such_output" in caught.value.log.read_text()
    first, where, _ = str(caught.value).splitlines()
    assert first.startswith(".tfline/trips/notebook/tfline_notebook/build_")
    assert "AttributeError" in first
    assert "no_such_output" in first
    assert where.startswith("  where: in build: ")
    assert tfline.runs("trips")[-1].status == "failed"
