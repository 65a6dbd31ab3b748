"""Completion, by the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tfline.pipelines import cli

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder with ``tfline`` as a command, and a folder of a user."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "tfline"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tfline.pipelines.cli "$@"\n')
    command.chmod(0o755)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "own.yaml").write_text("name: own\n")
    return tmp_path


def ask(commands: Path, shell: str, script: str) -> list[str]:
    """Returns what a shell prints."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    paths = f"{commands / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        [program, "-c", script],
        cwd=commands / "home",
        env={"PATH": paths, "PYTHONPATH": str(ROOT), "HOME": str(commands / "home")},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.split()


BASH = """\
eval "$(tfline completion bash)"
complete -p tfline >/dev/null
for COMP_LINE in "$@"; do
  read -ra COMP_WORDS <<< "$COMP_LINE"
  COMP_POINT=${#COMP_LINE}
  COMP_TYPE=9
  COMPREPLY=()
  _python_argcomplete tfline
  echo "${COMPREPLY[@]}"
done
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tfline roll", ["rollback"]),
        ("tfline check ta", ["taxi"]),
        ("tfline check ow", ["own.yaml"]),
        ("tfline why Train", ["Trainer"]),
        ("tfline serve taxi --rest", ["--rest-port"]),
        ("tfline promote taxi --label c", ["canary"]),
        ("tfline run taxi --set train.ep", ["train.epochs="]),
        ("tfline deploy taxi --target comp", ["compose"]),
    ],
)
def test_bash_completes(line: str, expected: list[str], commands: Path) -> None:
    assert ask(commands, "bash", f"set -- '{line}'\n{BASH}") == expected


def test_fish_completes(commands: Path) -> None:
    script = 'tfline completion fish | source; complete -C "tfline check ta"'
    assert ask(commands, "fish", script)[0] == "taxi"


ZSH = """\
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; autoload -U compinit; compinit -u -D'
zpty -w shell 'eval "$(tfline completion zsh)"; echo RE''ADY'
zpty -r -m shell line '*READY*'
zpty -n -w shell $'tfline roll\\t'
zpty -r -m shell line '*rollback*'
print -r -- "$line"
"""


def test_zsh_completes(commands: Path) -> None:
    assert "rollback" in " ".join(ask(commands, "zsh", ZSH))


def test_command_prints_a_script_for_each_shell(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert cli.main(["completion", shell]) == 0
        assert "tfline" in capsys.readouterr().out
