"""The few lists of names that are written by hand have every name."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.docs.pages import ROOT
from tfline.components.trainer.models import MODELS


def names_in(page: Path, heading: str) -> list[str]:
    """Returns the code in the first cell of each row below a heading."""
    text = page.read_text(encoding="utf-8").split(heading, 1)[1]
    rows = re.findall(r"^\| `([\w.]+)`", text.split("\n## ")[0], re.MULTILINE)
    return [*rows]


def test_measured_models_are_all_models():
    page = ROOT / "tfline/components/trainer/models/README.md"
    assert sorted(names_in(page, "# The models")) == sorted(MODELS)
