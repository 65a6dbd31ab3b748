"""Every block of every page: a spec is checked, a command is read, a reason is given."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.docs.pages import ROOT, Block, blocks, commands, pages
from tests.unit.docs.synthetic import write_data
from tfline.pipelines import cli
from tfline.pipelines.reference.commands import parser_of
from tfline.pipelines.spec import CATALOG, load_spec

LANGUAGES = ("", "dockerfile", "python", "sh", "text", "yaml")


def found(*languages: str) -> list[Any]:
    return [
        pytest.param(block, id=block.where)
        for page in pages()
        for block in blocks(page, *languages)
        if block.is_run or block.language != "yaml"
    ]


def has_own_code(page: Path) -> bool:
    """Tells whether a page writes modules: it is run from end to end by another test."""
    return any(block.title for block in blocks(page, "python"))


@pytest.mark.parametrize(
    "block", [case for case in found("yaml") if not has_own_code(case.values[0].page)]
)
def test_part_of_a_spec_passes_check(
    block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    part = yaml.safe_load(block.text)
    base = yaml.safe_load((CATALOG / "taxi.yaml").read_text(encoding="utf-8"))
    if "label" in part and "evaluate" not in part:
        base["evaluate"] = {}
    spec = part if "name" in part else {**base, **part}
    Path("spec.yaml").write_text(json.dumps(spec), encoding="utf-8")
    write_data(load_spec("spec.yaml"), folder)
    assert cli.main(["check", "spec.yaml"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("block", found("sh"))
def test_commands_of_tfline_are_read(block: Block) -> None:
    for command in commands(block):
        plain = re.sub(r"\$\((?!tfline)[^)]*\)", "1", command)  # what the shell puts in
        for match in re.finditer(r"(?:^|\| |\$\()tfline ([^|>)]*)", plain):
            words = shlex.split(match[1], comments=True)
            assert words[0] in cli.COMMANDS, command
            parser_of(words[0]).parse_args(words[1:])


def test_blocks_have_a_known_language_and_those_that_are_not_run_a_reason() -> None:
    for page in pages():
        for block in blocks(page):
            assert block.language in LANGUAGES, block.where
            if block.note.startswith("run by "):
                assert (ROOT / block.note.removeprefix("run by ")).is_file(), block.where
            elif not block.is_run:
                assert block.note.removeprefix("not run: ").strip(), block.where


def test_every_command_is_on_a_page() -> None:
    text = "\n".join(block.text for page in pages() for block in blocks(page, "sh"))
    missing = [name for name in cli.COMMANDS if f"tfline {name}" not in text]
    assert missing == []
