"""The command line: exit codes, and one clear first line for whatever a user can mend."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tfline.pipelines import cli
from tfline.pipelines.commands import doctor
from tfline.pipelines.run.records import RunRecord

SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: tip
features: {z_score: [fare]}
model: mlp
push: models/trips
"""


@pytest.fixture(autouse=True)
def project(folder: Path, write_rows, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec and its data; `sys.path` is as before afterwards."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    rows = [{"tip": i % 2, "fare": float(i)} for i in range(4)]
    for split in ("train", "eval"):
        write_rows(folder / f"{split}.tfrecord", rows)
    (folder / "spec.yaml").write_text(SPEC)
    return folder


@pytest.fixture
def busy_port() -> Iterator[int]:
    """A port that something else listens on."""
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        yield other.getsockname()[1]


def first_error_line(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.splitlines()[0]


def test_check_says_what_the_pipeline_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "spec.yaml", "--set", "evaluate.require={auc: 0.8}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "trips: ok"
    assert "  data       1 file(s) in train, 1 file(s) in eval" in lines
    assert "  feature    fare: z_score" in lines
    assert "  require    auc min 0.8" in lines
    assert "  push       models/trips" in lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "spek.yaml"], "tfline check: There is no spec 'spek.yaml'"),
        (["run", "spec.yaml", "--set", "train.epoch=3"], "tfline run: Unknown key 'epoch'"),
        (["check", "spec.yaml", "--set", "epochs"], "An override reads key.path=value"),
        (["run", "spec.yaml", "--set", "data.train=none"], "No file matches the pattern 'none'"),
        (["run", "spec.yaml", "--set", "label=tipp"], "The label 'tipp' is in none"),
        (["run", "spec.yaml", "--set", "features={z_score: [fair]}"], "The feature 'fair' is in"),
        (["why", "Traner", "spec.yaml"], "tfline why: There is no component 'Traner'"),
        (["serve", "spec.yaml", "--set", "push=null"], "The spec pushes its model nowhere"),
        (["predict", "spec.yaml", "--set", "push=null"], "The spec pushes its model nowhere"),
        (["promote", "spec.yaml", "--version", "7"], "There is no version 7"),
        (["rollback", "spec.yaml"], "There is no version to go back to"),
        (["predict", "spec.yaml"], "The model's folder does not exist"),
        (["schema-review", "spec.yaml"], "There is no schema yet"),
        (["schema-review", "spec.yaml", "-o", "spec.yaml"], "spec.yaml is there already"),
        (["run", "spec.yaml", "--work", "spec.yaml"], "The work folder cannot be written"),
        (["data", "convert", "none.csv", "out.tfrecord"], "none.csv"),
        (["data", "convert", "a.csv", "o.tfrecord", "--types", "a"], "A type reads COLUMN=TYPE"),
        (["data", "show", "spec.yaml"], "not a TFRecord file"),
    ],
)
def test_error_of_the_user_exits_2_with_one_clear_line(
    arguments: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in project.iterdir())
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert message in "\n".join(error.splitlines()[:2])
    assert "Traceback" not in error
    assert sorted(path.name for path in project.iterdir()) == before


def test_port_in_use_is_refused(busy_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    (Path("models") / "trips" / "1").mkdir(parents=True)
    assert cli.main(["serve", "spec.yaml", "--port", str(busy_port)]) == 2
    message = f"tfline serve: Port {busy_port} cannot be used: Address already in use"
    assert first_error_line(capsys) == message


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        (["--port", "99999"], "Invalid port. Expected 0 to 65535. Received: 99999"),
        (["--port", "9", "--rest-port", "9"], "gRPC and REST need a port each"),
    ],
)
def test_impossible_ports_are_refused(
    ports: list[str], message: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "models" / "trips" / "1").mkdir(parents=True)
    assert cli.main(["serve", "spec.yaml", *ports]) == 2
    assert message in first_error_line(capsys)


def test_server_that_does_not_answer_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        assert cli.main(["predict", "spec.yaml", "eval.tfrecord", "--server", address]) == 2
    assert address in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--nothing"], ["bake"], [], ["run"], ["serve", "x", "y"], ["predict", "x", "--limit", "-1"]],
)
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: tfline" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert [name for name in cli.COMMANDS if f"\n    {name}" not in printed] == []


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])
    assert caught.value.code == 0
    assert f"usage: tfline {command}" in capsys.readouterr().out


def test_interruption_exits_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "_findings", interrupt)
    assert cli.main(["doctor"]) == 130
    assert first_error_line(capsys) == "interrupted"


def test_folder_of_the_user_is_on_the_path(project: Path) -> None:
    (project / "own_transforms_of_cli_test.py").write_text("def double(x): return 2 * x\n")
    override = "features={own_transforms_of_cli_test.double: [fare]}"
    assert cli.main(["check", "spec.yaml", "--set", override]) == 0


def test_module_of_the_user_that_cannot_be_imported_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "broken_of_cli_test.py").write_text("def double(x) return 2 * x\n")
    assert cli.main(["check", "spec.yaml", "--set", "features={broken_of_cli_test.f: [fare]}"]) == 2
    assert "'broken_of_cli_test.f' cannot be imported: SyntaxError" in first_error_line(capsys)


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "PipelineSpec"


def test_runs_and_why_before_the_first_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["runs", "spec.yaml"]) == 0
    assert "no runs in" in capsys.readouterr().out
    assert cli.main(["why", "trainer", "spec.yaml"]) == 0
    assert capsys.readouterr().out == "Trainer has not run yet.\n"


def test_runs_shows_how_each_ended_and_what_was_new(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = project / ".tfline" / "trips" / "runs"
    runs.mkdir(parents=True)
    spec = {"train": {"epochs": 5, "seed": 1}, "model": {"name": "mlp"}}
    RunRecord(id="1", pipeline="trips", parts={}, spec=spec).write(runs)
    failed = RunRecord(
        id="2",
        pipeline="trips",
        parts={},
        spec={**spec, "train": {"epochs": 8, "seed": 1}},
        status="failed",
        error="Why.\n  more",
        resumes="run 1, which was killed in Trainer",
    )
    failed.write(runs)
    assert cli.main(["runs", "spec.yaml"]) == 0
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["#", "run", "verdict", "metric", "time", "what"]
    assert first.split()[:3] == ["1", "1", "killed"]
    assert second.split()[:3] == ["2", "2", "failed"]
    what = "Why.; went on from run 1, which was killed in Trainer; train.epochs: 5 -> 8"
    assert second.endswith(what)


def test_doctor_finds_a_port_in_use(
    busy_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_PORTS", (busy_port,))
    assert cli.main(["doctor"]) == 2
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("FAIL")
    assert f"port {busy_port} " in last


def test_doctor_finds_this_machine_fit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_PORTS", ())
    monkeypatch.setattr(doctor, "_FREE_GIB", 0)
    assert cli.main(["doctor"]) == 0
    assert "FAIL" not in capsys.readouterr().out


def test_file_behind_an_option_is_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.main(["predict", "spec.yaml", "--server", "localhost:1", "none.csv"])
    assert code == 2
    assert "localhost:1" in capsys.readouterr().err


def test_unknown_option_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["predict", "spec.yaml", "--bogus", "none.csv"])


def test_server_before_the_first_push_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "spec.yaml"]) == 2
    assert "Push a model there first" in capsys.readouterr().err
