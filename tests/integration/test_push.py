"""A push is gated by budgets, certified, and can be taken back; by the real command line."""

from __future__ import annotations

import json

import pytest

from tfline.components.artifacts.versions import WARMUP, list_versions
from tfline.components.pusher.certificate import read_certificate

pytestmark = pytest.mark.whole

PUSH = "{{to: models/trips, budgets: {{model_mb: {}, p99_ms: 5000}}}}"


def test_push_is_gated_certified_and_taken_back(
    project, encoder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One story: each part comes on top of the ones before."""
    assert project.run(train__epochs=1, evaluate="{baselines: 'off'}", push=PUSH.format(0.001)) == 2
    [first, where, *_] = capsys.readouterr().err.splitlines()
    assert first.startswith("Pusher: The model exceeds its budget: model_mb is ")
    assert where == "  where: push.budgets"
    assert project.versions() == []

    # A larger budget concerns the push alone. The version has its certificate.
    assert project.run(train__epochs=1, evaluate="{baselines: 'off'}", push=PUSH.format(50)) == 0
    assert project.executed() == ["Pusher"]
    folder = project.folder / "models" / "trips"
    [version] = list_versions(folder)
    certificate = read_certificate(version.path)
    assert certificate is not None
    assert certificate.records == len(project.rows["eval"])
    assert max(certificate.largest_difference.values()) < 1e-6
    assert (version.path / WARMUP).stat().st_size > 0
    artifact = project.output("Pusher", "pushed_model") / "certificate.json"
    assert json.loads(artifact.read_text()) == certificate.model_dump()
    summary = project.records[-1].components["Pusher"].summary
    assert summary.endswith(f"; {certificate.summary()}")

    # Another model, with an encoder of texts, is certified too; it needs what is in its version.
    transfer = f"{{text_transfer: {{encoder: {encoder}, trainable: true, frozen_epochs: 1}}}}"
    changes = {"features": "{text: [day]}", "model": transfer, "evaluate": "{baselines: 'off'}"}
    assert project.run(**changes, push=PUSH.format(50)) == 0
    served = read_certificate(list_versions(folder)[-1].path)
    assert served is not None
    assert max(served.largest_difference.values()) < 1e-6

    # It is taken back: the newest version is the first one again.
    assert project.tfline("rollback", "spec.yaml") == 0
    newest = list_versions(folder)[-1]
    assert len(project.versions()) == 3
    assert read_certificate(newest.path) == certificate

    # An unchanged run does not undo that, however often it runs; an edited one is pushed.
    runs = len(project.records)
    for _ in range(2):
        assert project.run(**changes, push=PUSH.format(50)) == 0
        assert "has this model, and was rolled back" in capsys.readouterr().out
        assert list_versions(folder)[-1] == newest
    assert len(project.records) == runs + 1  # the second time, nothing ran

    # Another spec is not let in.
    assert project.run(name="rides", push=PUSH.format(50)) == 2
    assert "belongs to another pipeline: pipeline 'trips', not 'rides'" in capsys.readouterr().err
