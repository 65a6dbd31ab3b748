"""`tfline promote` and `tfline rollback` say what they did."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.components.artifacts.versions import list_versions
from tfline.pipelines import cli
from tfline.serving.labels import read_labels


def test_promote_says_which_version_has_which_label(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["promote", "spec.yaml", "--version", "2"]) == 0
    assert cli.main(["promote", "spec.yaml", "--version", "3", "--label", "canary"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "  read by servers from: models/trips/models.config",
        "  start running servers again: they began without labels, and load the newest version",
        "trips: stable 2, canary 3",
        "  loaded: 2, 3",
        "  read by servers from: models/trips/models.config",
    ]
    assert read_labels(push_folder, "trips").versions == {"stable": 2, "canary": 3}


def test_rollback_says_what_is_live_and_how_to_undo_it(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["rollback", "spec.yaml"]) == 0
    newest = list_versions(push_folder)[-1]
    assert (newest.path / "saved_model.pb").read_text() == "2"
    assert capsys.readouterr().out.splitlines() == [
        f"trips: version {newest.number} is live: 2 again, under a new number",
        "  was: version 3, which is still in models/trips",
        "  an unchanged `tfline run` does not push it again",
        "  undo: tfline rollback spec.yaml --to 3",
    ]
