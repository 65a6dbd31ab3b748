"""The lines of the README install a working tfline; what breaks it later is found and mended."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lines_of_readme(tool: str) -> list[str]:
    """Returns the installing lines of the README, below its heading "Install"."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [section] = re.findall(r"^## Install\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    [block] = [b for b in blocks if re.search(rf"^{tool} install", b, re.M)]
    return [line for line in block.splitlines() if line.startswith(f"{tool} install")]


@pytest.fixture
def own(tmp_path: Path, release) -> Path:
    """A folder with an empty environment, and the release in ``dist``."""
    (tmp_path / "dist").symlink_to(release.wheel.parent)
    uv = Path(sys.executable).with_name("uv")
    made = [uv, "venv", "--quiet", "--seed", "--python", sys.executable, tmp_path / "venv"]
    subprocess.run(made, check=True, timeout=120)
    return tmp_path


def sh(own: Path, *lines: str, succeeds: bool = True) -> str:
    """Returns what a shell says in which the environment is active."""
    tools = Path(sys.executable).parent  # for uv; its pip and tfline come after those of `own`
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        ["sh", "-ec", "\n".join(lines)],
        cwd=own,
        env={
            **variables,
            "PATH": f"{own / 'venv' / 'bin'}:{tools}:/usr/bin:/bin",
            "VIRTUAL_ENV": str(own / "venv"),
            "UV_LINK_MODE": "hardlink",
            "PIP_NO_COMPILE": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
    )
    assert (done.returncode == 0) == succeeds, done.stdout
    return done.stdout


def wrong(own: Path) -> list[str]:
    """Returns the packages that the doctor finds wrong."""
    said = sh(own, "tfline doctor || true")
    assert "ok    Python" in said
    return [
        line.split()[1]
        for line in said.splitlines()
        if line.startswith("FAIL") and " port " not in line
    ]


def test_uv_keeps_what_fits_and_the_doctor_finds_what_does_not(own: Path) -> None:
    first, second = lines_of_readme("uv pip")
    sh(own, "uv pip install --no-deps rich==14.0.0", first)
    assert wrong(own)  # which depends on what a new environment begins with
    sh(own, second)
    assert wrong(own) == []
    assert "Version: 14.0.0" in sh(own, "uv pip show rich")

    sh(own, "uv pip install --no-deps 'protobuf>=7,<8'", "uv pip uninstall dill")
    assert wrong(own) == ["dill", "protobuf"]
    [mend] = set(re.findall(r"pip install .*", sh(own, "tfline doctor || true")))
    sh(own, f"uv {mend}")
    assert wrong(own) == []


@pytest.mark.release
def test_pip_installs_the_lock(own: Path) -> None:
    sh(own, *lines_of_readme("pip"))
    assert wrong(own) == []
    assert "taxi: ok" in sh(own, "tfline data taxi", "tfline check taxi")
    for module in ("tfx.v1", "tensorflow_data_validation", "tensorflow_model_analysis"):
        sh(own, f"python -c 'import tfx, {module}'")
