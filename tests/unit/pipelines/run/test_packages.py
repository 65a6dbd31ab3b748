"""A package concerns the components that compute with it, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines.run.packages import (
    PACKAGES,
    environment_digest,
    model_parts,
    package_parts,
)
from tfline.pipelines.run.plan import UPSTREAM


def test_every_component_has_its_packages() -> None:
    assert set(PACKAGES) == set(UPSTREAM)
    for component in PACKAGES:
        assert all(part.kind == "package" and part.value for part in package_parts(component))


@pytest.mark.parametrize(
    ("package", "components"),
    [
        ("keras", {"Tuner", "Trainer", "Evaluator"}),
        ("keras-tuner", {"Tuner"}),
        ("tensorflow-model-analysis", {"Evaluator"}),
        ("tensorflow-data-validation", {"StatisticsGen", "SchemaGen", "ExampleValidator"}),
        ("apache-beam", {"StatisticsGen", "Transform", "Evaluator"}),
        ("tfx-bsl", {"StatisticsGen", "Transform", "Evaluator"}),
    ],
)
def test_package_concerns_exactly_its_components(package: str, components: set[str]) -> None:
    assert {name for name, packages in PACKAGES.items() if package in packages} == components


def test_ydf_concerns_trees_alone() -> None:
    assert [part.name for part in model_parts("boosted_trees")] == ["ydf", "ydf-tf"]
    assert model_parts("mlp") == model_parts("mine.nets.build") == ()


def test_environment_digest_follows_what_is_installed(tmp_path: Path) -> None:
    before = environment_digest([str(tmp_path)])
    (tmp_path / "keras-3.12.0.dist-info").mkdir()
    assert environment_digest([str(tmp_path)]) != before
