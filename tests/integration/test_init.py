"""From a CSV file to a model with a verdict: `tfline init`, `check`, `run`; and `--budget`."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tfline.pipelines import cli
from tfline.pipelines.api.pipeline import Pipeline
from tfline.pipelines.init import candidates
from tfline.pipelines.init.features import network_features, tree_features
from tfline.pipelines.init.trials import OutOfTimeError

pytestmark = pytest.mark.whole

CHANCE = random.Random(3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table: fares decide, and the number of the row and a copy do not help."""
    folder = tmp_path_factory.mktemp("init")
    rows = []
    for number in range(400):
        fare, day = CHANCE.random(), CHANCE.choice(["monday", "sunday"])
        tip = fare + CHANCE.gauss(0, 0.1) > (0.4 if day == "sunday" else 0.6)
        rows.append(f"{number},{fare:.3f},{day},{'yes' if tip else 'no'},{int(tip)}")
    (folder / "trips.csv").write_text("\n".join(["row_id,fare,day,tip,tipped", *rows]))
    return folder


def test_two_commands_lead_from_a_file_to_a_blessed_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(["init", "trips.csv", "--label", "tip"]) == 0
    printed = capsys.readouterr().out
    assert "# left out, gives the label away: tipped" in printed
    assert "# left out, an id: hardly a value repeats: row_id" in printed
    assert cli.main(["check", "trips.yaml"]) == 0
    assert cli.main(["run", "trips.yaml"]) == 0
    verdict = Pipeline.load("trips.yaml").find_run().verdict
    assert verdict.blessed
    assert Path("models/trips").is_dir()


def test_budget_compares_models_and_keeps_the_best(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {"epochs": 3, "early_stopping": 0}
    monkeypatch.chdir(folder)
    monkeypatch.setitem(
        candidates.CANDIDATES,  # type: ignore[arg-type]  # a dict
        "table",
        (
            candidates.Candidate("mlp", network_features, {**few, "learning_rate": 1e-6}),
            candidates.Candidate(
                {"mlp": {"hidden_units": [16]}}, network_features, {**few, "learning_rate": 0.05}
            ),
            candidates.Candidate({"boosted_trees": {"num_trees": 2}}, tree_features),
            candidates.Candidate({"resnet34": {}}, network_features, few),
        ),
    )
    arguments = ("--label", "tip", "-o", "best.yaml", "--budget", "1h")
    assert cli.main(["init", "trips.csv", *arguments]) == 0
    printed = capsys.readouterr().out
    assert "mlp(hidden_units=[16]) *" in printed
    assert "resnet34 takes exactly one image feature" in printed
    assert "# the best of 3 models by auc" in Path("best.yaml").read_text()
    assert Pipeline.load("best.yaml").spec.model.arguments == {"hidden_units": (16,)}


def test_training_ends_when_the_time_is_over() -> None:
    from tfline.pipelines.init.deadline import Deadline

    Deadline(at=time.monotonic() + 3600).on_train_batch_end(0)
    with pytest.raises(OutOfTimeError):
        Deadline(at=time.monotonic()).on_train_batch_end(0)
