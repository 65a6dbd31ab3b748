"""What is published: everything the sources have, under one import name, and what it needs."""

from __future__ import annotations

import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEVELOPMENT = {"pytest", "mypy", "ruff", "hypothesis", "kubernetes-validate"}


def shipped() -> set[str]:
    """The files of the package in this tree."""
    files = (path for path in (ROOT / "tfline").rglob("*") if path.is_file())
    return {str(f.relative_to(ROOT)) for f in files if "__pycache__" not in f.parts}


def test_wheel_and_sdist_have_every_file_of_the_package(release) -> None:
    wheel = set(zipfile.ZipFile(release.wheel).namelist())
    with tarfile.open(release.sdist) as archive:
        sdist = {name.partition("/")[2] for name in archive.getnames()}
    files = shipped()
    assert {"tfline/py.typed", "tfline/requirements/lock.txt"} <= files
    assert files <= wheel
    assert files <= sdist
    assert {"pyproject.toml", "setup.py", "README.md", "LICENSE"} <= sdist


def test_wheel_takes_one_import_name(release) -> None:
    names = {name.partition("/")[0] for name in zipfile.ZipFile(release.wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"tfline"}


def locked(file: str) -> dict[str, str]:
    """Returns the line of each package in a lock file."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {line.partition("==")[0]: line for line in lines if "==" in line}


def test_lock_of_the_release_is_a_part_of_the_lock_at_the_same_versions() -> None:
    release, everything = locked("tfline/requirements/lock.txt"), locked("requirements.lock")
    assert release.items() <= everything.items()
    assert {"tensorflow", "tfx", "kfp"} <= set(release)
    assert not DEVELOPMENT & set(release)
    assert set(everything) >= DEVELOPMENT


def test_overrides_of_the_release_are_those_of_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    file = ROOT / "tfline" / "requirements" / "overrides.txt"
    overrides = project["tool"]["uv"]["override-dependencies"]
    assert file.read_text(encoding="utf-8").splitlines() == overrides


def test_clean_environment_has_what_a_pipeline_needs_and_no_more(installed, tmp_path: Path) -> None:
    code = (
        "import importlib.util as u, tfline.pipelines.runners.kubeflow.process as p\n"
        "print(p.__file__)\n"
        "print(*[n for n in ('tfx', 'tensorflow', 'kfp', 'pytest', 'mypy') if u.find_spec(n)])"
    )
    file, packages = installed.run(tmp_path, "python", "-c", code).splitlines()
    assert Path(file).is_relative_to(installed.folder)
    assert packages.split() == ["tfx", "tensorflow", "kfp"]


def test_no_page_asks_a_registry_for_tfline() -> None:
    pages = [ROOT / "README.md", ROOT / "kubeflow" / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = [
        str(path.relative_to(ROOT))
        for path in (*pages, *(ROOT / "tfline").rglob("*.py"))
        if re.search(r"pip install (-\S+ )*['\"]?tfline\b", path.read_text(encoding="utf-8"))
    ]
    assert named == []
