"""`tfline serve` refuses what a server would pass over, before it becomes the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tfline.pipelines import cli


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("enable_batchin=true", "no flag 'enable_batchin'"),
        ("--nosuch=1", "no flag 'nosuch'"),
        ("rest_api_num_threads=many", "Couldn't interpret value many for flag"),
        ("enable_batching=1", "Couldn't interpret value 1 for flag"),
    ],
)
@pytest.mark.parametrize("server", ["--embedded", "--docker"])
def test_flag_that_no_server_has_is_refused(
    push_folder: Path, capsys: pytest.CaptureFixture[str], server: str, flag: str, words: str
) -> None:
    assert cli.main(["serve", "spec.yaml", server, f"--flag={flag}"]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""


def test_misspelt_flag_is_guessed(push_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "spec.yaml", "--flag", "enable_batchin"]) == 2
    assert "Did you mean 'enable_batching'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    ["serve", "predict", "rollback", "promote --version 1", "deploy --target compose"],
)
def test_work_folder_is_no_argument_of_a_command_that_has_none(
    push_folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    name, *rest = command.split()
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "spec.yaml", *rest, "--work", "elsewhere"])
    assert caught.value.code == 2
    assert "unrecognized arguments: --work" in capsys.readouterr().err
