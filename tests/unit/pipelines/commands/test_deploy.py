"""`tfline deploy` and `tfline serve --docker` print what can be run as it is."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tfline.components.artifacts.versions import CERTIFICATE
from tfline.pipelines import cli


def test_deploy_prints_the_manifest_alone(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", "spec.yaml", "--target", "kubernetes"]) == 0
    kinds = [document["kind"] for document in yaml.safe_load_all(capsys.readouterr().out)]
    assert "Deployment" in kinds


def test_output_never_replaces_the_spec(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path("spec.yaml").read_text()
    command = ["deploy", "./spec.yaml", "--target", "kubernetes", "-o", "spec.yaml"]
    assert cli.main(command) == 2
    assert "would replace the spec" in capsys.readouterr().err
    assert Path("spec.yaml").read_text() == before


def container(text: str) -> dict[str, Any]:
    [deployment] = [d for d in yaml.safe_load_all(text) if d["kind"] == "Deployment"]
    [found] = deployment["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_deployed_server_follows_the_labels_in_the_push_folder(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["promote", "spec.yaml", "--version", "2"]) == 0
    capsys.readouterr()
    assert cli.main(["deploy", "spec.yaml", "--target", "kubernetes", "-o", "k8s.yaml"]) == 0
    assert capsys.readouterr().out == "k8s.yaml: kubectl apply -f k8s.yaml\n"
    found = container(Path("k8s.yaml").read_text())
    folder = push_folder.resolve()
    assert f"--model_config_file={folder}/models.config" in found["args"]
    assert "--allow_version_labels_for_unavailable_models" in found["args"]
    assert f'base_path: "{folder}"' in (folder / "models.config").read_text()


def test_server_is_of_the_tensorflow_that_the_model_was_certified_with(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = {
        "records": 1, "tolerance": 1e-4, "largest_difference": {"grpc": 0.0}, "p50_ms": 1.0,
        "p99_ms": 1.0, "cold_start_s": 1.0, "model_mb": 1.0,
    }  # fmt: skip
    for number, runtime in (("1", "2.21.0"), ("2", "2.9.1"), ("3", "2.20.1")):
        path = push_folder / number / CERTIFICATE
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**certificate, "runtime": runtime}))
    deploy = ["deploy", "spec.yaml", "--target", "kubernetes"]
    assert cli.main(deploy) == 0
    assert container(capsys.readouterr().out)["image"] == "tensorflow/serving:2.20.1"
    assert cli.main(["promote", "spec.yaml", "--version", "2"]) == 0
    capsys.readouterr()
    assert cli.main(deploy) == 0
    assert container(capsys.readouterr().out)["image"] == "tensorflow/serving:2.9.1"
    assert cli.main([*deploy, "--image", "registry.example/tfline:1"]) == 0
    own = container(capsys.readouterr().out)
    assert own["image"] == "registry.example/tfline:1"
    assert own["command"] == ["python", "-m", "tfline.serving.server"]


@pytest.mark.parametrize("target", ["kubernetes", "compose"])
def test_deployed_server_writes_its_requests(
    push_folder: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    log = ["--log", "/var/requests", "--sample", "0.25"]
    deploy = ["deploy", "spec.yaml", "--target", target, *log]
    assert cli.main(deploy) == 2
    assert "built without a request log" in capsys.readouterr().err
    assert cli.main([*deploy, "--image", "registry.example/tfline:1"]) == 0
    text = capsys.readouterr().out
    assert "--request_log_folder=/var/requests" in text
    assert "--request_log_sampling_rate=0.25" in text
    if target == "kubernetes":
        mounts = {mount["mountPath"]: mount for mount in container(text)["volumeMounts"]}
        assert "readOnly" not in mounts["/var/requests"]


def test_sample_without_a_log_is_refused(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", "spec.yaml", "--sample", "0.5"]) == 2
    assert "Add --log DIR" in capsys.readouterr().err
    assert cli.main(["serve", "spec.yaml", "--docker", "--log", "requests"]) == 2
    assert "built without a request log" in capsys.readouterr().err


def test_deploy_to_a_folder_that_is_not_there_is_refused(
    push_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", "spec.yaml", "--target", "compose", "-o", "none/c.yaml"]) == 2
    assert "The file cannot be written: No such file" in capsys.readouterr().err


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
    assert f" tensorflow/serving:{importlib.metadata.version('tensorflow')} " in printed
    assert printed.endswith(" --enable_batching --rest_api_num_threads=2")
    assert says.startswith("starting trips from models/trips: ")
    assert called == printed.replace("docker ", "called: ", 1)


def test_serve_without_docker_names_the_command(
    push_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli.main(["serve", "spec.yaml", "--docker"]) == 2
    captured = capsys.readouterr()
    assert captured.out.startswith("docker run ")
    assert captured.err.startswith("tfline serve: There is no Docker on the PATH")
