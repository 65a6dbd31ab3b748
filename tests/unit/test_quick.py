"""``make quick`` runs what needs no TensorFlow, and nothing that does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LIGHT = """\
import importlib.util

def test_light():
    assert importlib.util.find_spec("tensorflow") is not None

def test_heavy_inside():
    import tensorflow
"""
HEAVY = """\
import tensorflow

def test_heavy_module():
    pass
"""


def test_quick_skips_what_imports_tensorflow_and_runs_the_rest(tmp_path: Path) -> None:
    (tmp_path / "test_light.py").write_text(LIGHT)
    (tmp_path / "test_heavy.py").write_text(HEAVY)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ("-p", "tests.quick", "-p", "no:cacheprovider", "-vrs")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "test_light.py::test_light PASSED" in done.stdout
    assert "test_light.py::test_heavy_inside SKIPPED" in done.stdout
    assert ": needs tensorflow" in done.stdout
    assert "1 passed, 2 skipped" in done.stdout
