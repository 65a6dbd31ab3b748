"""`tfline deploy` and `tfline serve --docker` print what can be run as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tfline.pipelines import cli
from tfline.serving.deploy.served import image


def test_deploy_prints_the_manifest_alone(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", "spec.yaml", "--target", "kubernetes"]) == 0
    kinds = [document["kind"] for document in yaml.safe_load_all(capsys.readouterr().out)]
    assert "Deployment" in kinds
    assert "ConfigMap" not in kinds


def test_deploy_writes_the_labels_that_are_there_now(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["promote", "spec.yaml", "--version", "2"]) == 0
    capsys.readouterr()
    assert cli.main(["deploy", "spec.yaml", "--target", "kubernetes", "-o", "k8s.yaml"]) == 0
    assert capsys.readouterr().out == "k8s.yaml: kubectl apply -f k8s.yaml\n"
    first = next(yaml.safe_load_all(Path("k8s.yaml").read_text()))
    assert first["kind"] == "ConfigMap"
    assert 'key: "stable"' in first["data"]["models.config"]


def test_deploy_to_a_folder_that_is_not_there_is_refused(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", "spec.yaml", "--target", "compose", "-o", "none/c.yaml"]) == 2
    assert "The manifest cannot be written: No such file" in capsys.readouterr().err


def test_serve_with_docker_prints_the_command_and_becomes_it(push_folder: Path) -> None:
    """A program named docker stands on the PATH, and says how it was called."""
    program = Path("bin/docker")
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "called: $*"\n')
    program.chmod(0o755)
    command = "import sys; from tfline.pipelines.cli import entry; sys.argv[0] = 'tfline'; entry()"
    ports = ["--port", "0", "--rest-port", "0"]
    flags = ["--flag", "enable_batching", "--flag=rest_api_num_threads=2"]
    done = subprocess.run(
        [sys.executable, "-c", command, "serve", "spec.yaml", "--docker", *ports, *flags],
        env={**os.environ, "PATH": f"{program.parent.resolve()}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    printed, says, called = done.stdout.splitlines()
    assert printed.startswith("docker run --rm --init ")
    assert image() in printed
    assert printed.endswith(" --enable_batching --rest_api_num_threads=2")
    assert says.startswith("serving trips from models/trips: ")
    assert called == printed.replace("docker ", "called: ", 1)


def test_serve_without_docker_names_the_command(
    push_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli.main(["serve", "spec.yaml", "--docker"]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith("docker run ")
    assert captured.err.startswith("tfline serve: There is no Docker on the PATH")
