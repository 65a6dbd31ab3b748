"""Models to push, and a folder to push them to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.components.artifacts.versions import METADATA

MakeModel = Callable[[str], Path]


@pytest.fixture
def make_model(tmp_path: Path) -> MakeModel:
    """Makes a SavedModel folder that was trained from what a fingerprint names."""

    def make(fingerprint: str) -> Path:
        model = tmp_path / f"model-{fingerprint}"
        (model / "variables").mkdir(parents=True)
        (model / "saved_model.pb").write_bytes(fingerprint.encode())
        (model / "variables" / "variables.data").write_bytes(b"\x00" * 1000)
        (model / METADATA).parent.mkdir()
        (model / METADATA).write_text(f'{{"training_fingerprint": "{fingerprint}"}}')
        return model

    return make


@pytest.fixture
def pushed(tmp_path: Path) -> Path:
    """The push folder; not made yet."""
    return tmp_path / "models" / "trips"
