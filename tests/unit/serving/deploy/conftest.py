"""Models to deploy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.serving.deploy.served import ServedModel
from tfline.serving.labels import Labels


@pytest.fixture
def model() -> ServedModel:
    """A model without labels, whose name is none of Kubernetes'."""
    return ServedModel("chicago_taxi", Path("/data/models/chicago_taxi"))


@pytest.fixture
def labelled() -> ServedModel:
    """A model with a canary."""
    labels = Labels({"stable": 42, "canary": 43}, (42, 43))
    return ServedModel("taxi", Path("/data/models/taxi"), labels)
