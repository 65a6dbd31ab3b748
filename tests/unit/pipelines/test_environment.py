"""A half-working environment is recognised, with the line that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines.environment import MEND, SHOWN, check_packages

GOOD = {
    "tfline": ("0.1.0", ["tfx<1.22,>=1.21", "protobuf<7,>=6.31.1", "dill", "kfp; extra == 'k'"]),
    "tfx": ("1.21.0", ["ml-metadata<1.22,>=1.21", "tensorflow-data-validation<1.22,>=1.21"]),
    "ml_metadata": ("1.17.1", []),
    "tensorflow-data-validation": ("1.16.1", ["six"]),
    "six": ("1.17.0", []),
    "protobuf": ("6.33.6", []),
    "dill": ("0.4.1", []),
    "packaging": ("25.0", []),
}


def install(folder: Path, packages: dict[str, tuple[str, list[str]]]) -> None:
    """Writes the metadata of packages, as an installer does."""
    for name, (version, requires) in packages.items():
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {r}" for r in requires)]
        (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", *lines, ""]))


def wrong(folder: Path) -> dict[str, str]:
    return {found.name: found.text for found in check_packages([str(folder)]) if not found.fine}


def test_older_wheels_are_fine_though_the_metadata_of_tfx_asks_for_newer_ones(
    tmp_path: Path,
) -> None:
    install(tmp_path, GOOD)
    assert wrong(tmp_path) == {}
    shown = {found.name: found.text for found in check_packages([str(tmp_path)])}
    assert shown["ml-metadata"] == "1.17.1"
    assert set(shown) == {"tfx", "ml-metadata", "tensorflow-data-validation", "protobuf"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"protobuf": ("7.1.0", [])}, {"protobuf": "7.1.0, and tfline needs <7,>=6.31.1"}),
        ({"dill": None}, {"dill": "not installed, and tfline needs it"}),
        (
            {"six": None},
            {"six": "not installed, and tensorflow-data-validation needs it"},
        ),
        (
            {"tfx": ("1.16.0", [])},
            {"tfx": "1.16.0, and tfline needs <1.22,>=1.21"},
        ),
        (
            {"ml_metadata": ("1.21.0", [])},
            dict.fromkeys(
                ["ml-metadata", "tensorflow-data-validation"],
                "tensorflow-data-validation 1.16.1 with ml-metadata 1.21.0 was never run",
            ),
        ),
        ({"packaging": None}, {"packaging": "not installed"}),
    ],
)
def test_what_is_wrong_is_named_with_the_line_that_mends_it(
    change: dict, expected: dict[str, str], tmp_path: Path
) -> None:
    packages = {name: made for name, made in {**GOOD, **change}.items() if made is not None}
    install(tmp_path, packages)
    assert wrong(tmp_path) == {name: f"{text}; {MEND}" for name, text in expected.items()}


def test_packages_of_this_interpreter_are_fine() -> None:
    found = list(check_packages())
    assert [package for package in found if not package.fine] == []
    assert {package.name for package in found} == set(SHOWN)
