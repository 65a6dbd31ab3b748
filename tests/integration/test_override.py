"""A verdict that a person overrides: on record, and pushed without a new training."""

from __future__ import annotations

import json

import pytest
from ml_metadata import metadata_store, proto

from tfline.components.artifacts.versions import read_threshold
from tfline.components.pusher.certificate import read_certificate
from tfline.pipelines.run.override import EXECUTION_TYPE

pytestmark = pytest.mark.whole


def test_overridden_model_goes_live_without_being_trained_again(
    project, capsys: pytest.CaptureFixture[str]
) -> None:
    strict = (
        *("--set", "evaluate.require={accuracy: 0.9999}"),
        *("--set", "evaluate.choose_threshold={recall: 0.9}"),
    )
    assert project.tfline("run", "spec.yaml", *strict) == 3
    assert project.versions() == []
    assert "[--set evaluate.require={accuracy: 0.9999}]" in capsys.readouterr().out

    bless = ("bless", "spec.yaml", *strict, "--override", "--why")
    assert project.tfline(*bless, "the old one is down") == 0
    assert project.tfline("run", "spec.yaml", *strict) == 0
    assert project.executed() == ["Pusher"]
    [version] = project.versions()
    verdict = json.loads((project.output("Evaluator", "evaluation") / "verdict.json").read_text())
    pushed = project.folder / "models" / "trips" / str(version)
    assert read_threshold(pushed) == verdict["threshold"] != 0.5
    shown = capsys.readouterr().out
    assert "NOT BLESSED, overridden by " in shown
    assert "; not blessed; overridden by " in shown  # what was pushed says it, too
    certificate = read_certificate(pushed)
    assert certificate is not None
    assert certificate.overridden is not None
    assert certificate.overridden.why == "the old one is down"
    page = project.work.report(project.records[-1].id).read_text()
    assert "The model was not blessed; overridden by" in page

    assert project.tfline("run", "spec.yaml", *strict) == 0
    assert project.versions() == [version]
    assert project.tfline("runs", "spec.yaml", *strict) == 0
    shown = capsys.readouterr().out
    assert " overridden " in shown
    assert "the old one is down" in shown
    assert (project.output("Evaluator", "blessing") / "NOT_BLESSED").is_file()

    connection = proto.ConnectionConfig()
    connection.sqlite.filename_uri = str(project.work.metadata)
    store = metadata_store.MetadataStore(connection)
    [execution] = store.get_executions_by_type(EXECUTION_TYPE)
    assert execution.custom_properties["why"].string_value == "the old one is down"
    [event] = store.get_events_by_execution_ids([execution.id])
    [blessing] = store.get_artifacts_by_id([event.artifact_id])
    assert blessing.custom_properties["blessed"].int_value == 0

    assert project.tfline(*bless, "again") == 2
    assert "is overridden already: overridden by" in capsys.readouterr().err


def test_blessed_model_needs_no_override(finished, capsys: pytest.CaptureFixture[str]) -> None:
    assert finished.tfline("bless", "spec.yaml", "--override", "--why", "because") == 2
    assert "there is nothing to override" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("why", "words"), [(" ", "needs a reason"), ("because", "No run has a verdict")]
)
def test_override_without_reason_or_verdict_is_refused(
    project, capsys: pytest.CaptureFixture[str], why: str, words: str
) -> None:
    assert project.tfline("bless", "spec.yaml", "--override", "--why", why) == 2
    assert words in capsys.readouterr().err
