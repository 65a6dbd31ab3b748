"""The container gets the flags that every other server gets."""

from __future__ import annotations

from tfline.serving.deploy.docker import docker_command
from tfline.serving.deploy.served import ServedModel
from tfline.serving.server.flags import parse


def test_container_serves_the_push_folder_at_its_own_path(model: ServedModel) -> None:
    command = docker_command(model, port=9500, rest=9501)
    assert command[:2] == ["docker", "run"]
    assert "--publish=9500:8500" in command
    assert "--publish=9501:8501" in command
    folder = "/data/models/chicago_taxi"
    assert f"--mount=type=bind,source={folder},target={folder},readonly" in command
    flags, unknown = parse(command[command.index(model.image) + 1 :])
    assert unknown == []
    assert (flags.model_name, flags.model_base_path) == ("chicago_taxi", folder)


def test_container_without_rest_publishes_one_port(model: ServedModel) -> None:
    command = docker_command(model, port=9500, rest=0)
    assert [part for part in command if part.startswith("--publish")] == ["--publish=9500:8500"]
    assert "--rest_api_port=0" in command


def test_container_reads_the_labels_beside_the_versions(labelled: ServedModel) -> None:
    command = docker_command(labelled, port=8500, rest=8501)
    assert "--model_config_file=/data/models/taxi/models.config" in command
