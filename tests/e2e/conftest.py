"""The release, built from this tree, and an environment that has nothing but it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
"""Where uv is."""

SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "tfline")


@dataclass(frozen=True)
class Release:
    """What is published.

    Attributes:
        wheel: The wheel, built from the sdist.
        sdist: The sources.
    """

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Installed:
    """A virtual environment outside the checkout, in which the wheel was installed.

    Attributes:
        folder: The environment.
    """

    folder: Path

    def start(self, folder: Path, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Starts a program of the environment in a folder.

        It is the first of a process group, and knows nothing of this checkout and its Python.
        """
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return subprocess.Popen(
            [self.folder / "bin" / program, *arguments],
            cwd=folder,
            env={**kept, "PATH": "/usr/local/bin:/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, folder: Path, program: str, *arguments: str) -> str:
        """Returns what a program says that has to succeed, and to leave no process behind."""
        process = self.start(folder, program, *arguments)
        output, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
        assert error == ""
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
        return output


def installer_environment() -> dict[str, str]:
    """Returns the variables for uv, which links the files of its cache instead of copying."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = f"{TOOLS}:{os.environ['PATH']}"
    return {**ours, "PATH": path, "PYTHON": sys.executable, "UV_LINK_MODE": "hardlink"}


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The wheel and the sdist."""
    folder = tmp_path_factory.mktemp("release")
    source = folder / "source"  # a build leaves files in the tree
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source / name)
    subprocess.run(
        ["uv", "build", "--quiet", "--out-dir", str(folder / "dist"), str(source)],
        env=installer_environment(),
        check=True,
        timeout=300,
    )
    [wheel] = (folder / "dist").glob("*.whl")
    [sdist] = (folder / "dist").glob("*.tar.gz")
    return Release(wheel, sdist)


@pytest.fixture(scope="session")
def installed(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The release in a clean environment, by the script that fills the image of a cluster."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run(
        ["kubeflow/install.sh", str(folder), str(release.wheel)],
        cwd=ROOT,
        env=installer_environment(),
        check=True,
        timeout=600,
    )
    return Installed(folder)
