"""Every pipeline of the catalog: short, valid, and documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines.datasets import DATASETS
from tfline.pipelines.spec import CATALOG, load_spec

FILES = sorted(CATALOG.glob("*.yaml"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    """A file of the catalog."""
    path: Path = request.param
    return path


def test_spec_is_named_like_its_file_and_pushes_a_gated_model(file: Path) -> None:
    spec = load_spec(file.stem)
    assert spec.name == file.stem
    assert spec.push is not None
    assert spec.evaluate.require
    assert spec.evaluate.slices


def test_spec_has_at_most_15_lines_without_comments(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if line.partition("#")[0].strip()]
    assert len(lines) <= 15


def test_first_line_says_what_is_predicted_and_where_the_data_comes_from(file: Path) -> None:
    first = file.read_text().splitlines()[0]
    assert first.startswith("# ")
    assert f"`tfline data {file.stem}" in first


def test_data_has_a_writer(file: Path) -> None:
    assert file.stem in DATASETS
