"""Which version of a pushed model is asked, and whether a server would have one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tfline.components.pusher.promotion import promote
from tfline.pipelines.run.pushed import (
    asked_version,
    check_is_served,
    push_folder,
    served_model,
)
from tfline.pipelines.spec import PipelineSpec
from tfline.serving.errors import StartError
from tfline.transforms.errors import SpecError

SPEC: dict[str, Any] = {
    "name": "trips",
    "data": {"train": "train", "eval": "eval"},
    "label": "tip",
    "features": {"z_score": ["fare"]},
    "model": "mlp",
}


@pytest.fixture
def spec(tmp_path: Path) -> PipelineSpec:
    """A spec that has pushed the versions 1, 2 and 3."""
    for number in "123":
        version = tmp_path / "models" / number
        version.mkdir(parents=True)
        (version / "saved_model.pb").write_text(number)
    return PipelineSpec.model_validate({**SPEC, "push": str(tmp_path / "models")})


def test_newest_version_is_asked_without_labels(spec: PipelineSpec) -> None:
    assert asked_version(spec) is None
    assert asked_version(spec, version=2) == 2
    with pytest.raises(StartError, match="No version is labelled 'stable'") as caught:
        asked_version(spec, label="stable")
    assert "tfline promote" in caught.value.hint


def test_stable_version_is_asked_unless_another_is_named(spec: PipelineSpec) -> None:
    promote(push_folder(spec), 2)
    promote(push_folder(spec), 3, "canary")
    assert asked_version(spec) == 2
    assert asked_version(spec, label="canary") == 3
    assert asked_version(spec, version=1) == 1
    with pytest.raises(StartError, match="No version is labelled 'canari'") as caught:
        asked_version(spec, label="canari")
    assert caught.value.hint.startswith("Did you mean 'canary'?")


def test_server_without_any_of_its_versions_is_refused(spec: PipelineSpec) -> None:
    promote(push_folder(spec), 2)
    shutil.rmtree(push_folder(spec).path / "2")
    with pytest.raises(StartError, match="None of the versions that have labels") as caught:
        check_is_served(served_model(spec))
    assert caught.value.hint.endswith("There are: 1, 3.")


def test_spec_that_pushes_nowhere_has_no_folder() -> None:
    with pytest.raises(SpecError, match="pushes its model nowhere"):
        push_folder(PipelineSpec.model_validate(SPEC))
