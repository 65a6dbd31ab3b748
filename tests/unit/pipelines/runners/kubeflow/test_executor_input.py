"""Artifacts as the backend passes them on, and where they are."""

from __future__ import annotations

import json
from pathlib import Path

from tfx.types import standard_artifacts

from tfline.pipelines.runners.kubeflow.executor_input import (
    ExecutorInput,
    properties_of,
    set_properties,
)

URI = "minio://mlpipeline/v2/artifacts/taxi/run/example-gen/salt/examples"
TYPES = {"examples": standard_artifacts.Examples}


def given(folder: Path, metadata: dict[str, object], volume: str = "") -> ExecutorInput:
    """Returns what a step with an input and an output of one name is given."""
    artifact = {"name": "7", "uri": URI, "metadata": metadata}
    listed = {"examples": {"artifacts": [artifact]}}
    content = {
        "inputs": {"artifacts": listed, "parameterValues": {"properties": "{}"}},
        "outputs": {"artifacts": listed, "outputFile": str(folder / "out" / "file.json")},
    }
    local = str(folder / "local")
    paths = {"inputs": {"examples": local}, "outputs": {"examples": local}}
    return ExecutorInput(json.dumps(content), paths, volume)


def test_properties_survive_a_store_that_knows_one_kind_of_number() -> None:
    made = standard_artifacts.Examples()
    made.span, made.split_names = 3, '["train", "eval"]'
    made.set_int_custom_property("records_train", 160)
    made.set_float_custom_property("share", 0.5)
    made.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    stored = {
        name: float(value) if isinstance(value, int) else value
        for name, value in properties_of(made).items()
    }
    read = standard_artifacts.Examples()
    set_properties(read, stored)
    assert properties_of(read) == properties_of(made)
    assert isinstance(read.get_int_custom_property("records_train"), int)


def test_input_is_where_the_launcher_has_put_it(tmp_path: Path) -> None:
    [read] = given(tmp_path, {"span": 2.0}).input_artifacts(TYPES)["examples"]
    assert (read.uri, read.span) == (str(tmp_path / "local"), 2)


def test_input_that_is_in_a_volume_is_read_there(tmp_path: Path) -> None:
    [read] = given(tmp_path, {"location": "/mnt/a"}).input_artifacts(TYPES)["examples"]
    assert read.uri == "/mnt/a"


def test_output_starts_empty_after_an_attempt_that_failed(tmp_path: Path) -> None:
    left = tmp_path / "local" / "half"
    left.parent.mkdir()
    left.touch()
    [made] = given(tmp_path, {}).output_artifacts(TYPES)["examples"]
    assert list(Path(made.uri).iterdir()) == []


def test_output_in_a_volume_has_a_folder_of_its_own_and_says_where(tmp_path: Path) -> None:
    step = given(tmp_path, {}, volume=str(tmp_path / "volume"))
    outputs = step.output_artifacts(TYPES)
    [made] = outputs["examples"]
    folder = tmp_path / "volume" / URI.removeprefix("minio://")
    assert Path(made.uri) == folder
    made.set_int_custom_property("records_train", 160)
    step.write_output(outputs, {"a": "b"})
    said = json.loads((tmp_path / "out" / "file.json").read_text())
    [entry] = said["artifacts"]["examples"]["artifacts"]
    assert entry["uri"] == URI
    assert entry["metadata"] == {"records_train": 160, "location": str(folder)}
    assert said["parameterValues"] == {"a": "b"}
