"""The image, without Docker: its lock, what is copied into it, and what its script installs."""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DEVELOPMENT = {"pytest", "mypy", "ruff", "hypothesis", "kubernetes-validate"}


def locked(file: str) -> dict[str, str]:
    """Returns the line of each package in a lock file."""
    lines = (ROOT / file).read_text().splitlines()
    return {line.partition("==")[0]: line for line in lines if "==" in line}


def test_image_has_a_part_of_the_lock_at_the_same_versions() -> None:
    image, everything = locked("kubeflow/requirements.lock"), locked("requirements.lock")
    assert image.items() <= everything.items()
    assert {"tensorflow", "tfx", "kfp"} <= set(image)
    assert not DEVELOPMENT & set(image)
    assert set(everything) >= DEVELOPMENT


def test_dockerfile_copies_what_is_let_in_and_ends_without_root() -> None:
    text = (ROOT / "kubeflow" / "Dockerfile").read_text()
    copied = [
        word for line in re.findall(r"^COPY (?!--)(.*)$", text, re.M) for word in line.split()[:-1]
    ]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]
    assert sorted(copied) == sorted(let_in)
    assert all((ROOT / name).exists() for name in copied)
    assert "*" in ignored
    assert not any(fnmatch.fnmatch("tests/x", pattern) for pattern in let_in)
    assert re.findall(r"^USER (.*)$", text, re.M) == ["65532:65532"]
    assert "kubeflow/install.sh /opt/tfline" in text


@pytest.mark.slow
def test_script_installs_what_a_step_needs_and_no_more(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run(
        ["kubeflow/install.sh", str(environment)],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHON": sys.executable,
        },
        check=True,
        timeout=600,
    )
    code = (
        "import importlib.util as u, tfline.pipelines.runners.kubeflow.process as p\n"
        "print(p.__file__)\n"
        "print(*[n for n in ('tfx', 'tensorflow', 'kfp', 'pytest', 'mypy') if u.find_spec(n)])"
    )
    done = subprocess.run(
        [environment / "bin" / "python", "-c", code],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    file, packages = done.stdout.splitlines()
    assert Path(file).is_relative_to(environment)
    assert packages.split() == ["tfx", "tensorflow", "kfp"]
    assert (environment / "bin" / "tfline").is_file()
