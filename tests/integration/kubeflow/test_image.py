"""The image, without Docker: what is copied into it; `tests/e2e` runs its script."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


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
