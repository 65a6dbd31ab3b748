"""What the backend's launcher tells a step, and what the step tells it, as TFX's artifacts.

The messages are ``ExecutorInput`` and ``ExecutorOutput`` of `pipeline_spec.proto` in their JSON
form; the SDK of Kubeflow Pipelines, which takes seconds to import, is not needed for them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfx.types import artifact as tfx_artifact

Artifacts = dict[str, list[tfx_artifact.Artifact]]
Types = Mapping[str, type[tfx_artifact.Artifact]]

_LOCATION = "location"
"""Where an artifact is if it is not where the launcher has put it: in a mounted volume."""


class ExecutorInput:
    """What a step is given.

    Args:
        text: The JSON of an ``ExecutorInput``.
        paths: By side (``inputs``, ``outputs``) and name, the folder that the launcher gives an
            artifact; it downloads and uploads what is in there.
        volume: The folder below which artifacts are kept instead, in a mounted volume; empty: they
            are where the launcher says.
    """

    def __init__(self, text: str, paths: Mapping[str, Mapping[str, str]], volume: str = "") -> None:
        content = json.loads(text)
        self._inputs = content.get("inputs", {})
        self._outputs = content.get("outputs", {})
        self._paths = paths
        self._volume = volume

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the parameters."""
        return dict(self._inputs.get("parameterValues", {}))

    def input_artifacts(self, types: Types) -> Artifacts:
        """Returns the artifacts that were made upstream.

        Args:
            types: The type of each.
        """
        return {
            name: [self._read(name, types[name])] for name in self._paths["inputs"] if name in types
        }

    def output_artifacts(self, types: Types) -> Artifacts:
        """Returns the artifacts to make, each in an empty folder.

        What an attempt that failed has left there is removed.

        Args:
            types: The type of each.
        """
        artifacts: Artifacts = {}
        for name, path in self._paths["outputs"].items():
            made = types[name]()
            made.uri = self._on_volume(name) if self._volume else path
            shutil.rmtree(made.uri, ignore_errors=True)
            Path(made.uri).mkdir(parents=True)
            artifacts[name] = [made]
        return artifacts

    def write_output(self, artifacts: Artifacts, parameters: Mapping[str, str]) -> None:
        """Tells the launcher what the step has made.

        Args:
            artifacts: What `output_artifacts` has returned, filled.
            parameters: The values of the output parameters.
        """
        listed = {}
        for name, [made] in artifacts.items():
            metadata = properties_of(made)
            if self._volume:
                metadata[_LOCATION] = made.uri
            given = self._given("outputs", name)
            entry = {"name": given.get("name", ""), "uri": given["uri"], "metadata": metadata}
            listed[name] = {"artifacts": [entry]}
        file = Path(self._outputs["outputFile"])
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {"artifacts": listed, "parameterValues": dict(parameters)}
        file.write_text(json.dumps(content), encoding="utf-8")

    def _read(self, name: str, kind: type[tfx_artifact.Artifact]) -> tfx_artifact.Artifact:
        metadata = self._given("inputs", name).get("metadata", {})
        read = kind()
        set_properties(read, metadata)
        read.uri = metadata.get(_LOCATION, self._paths["inputs"][name])
        return read

    def _on_volume(self, name: str) -> str:
        """Returns the folder of an output in the volume: that of its URI, which no other has."""
        _, _, path = self._given("outputs", name)["uri"].partition("://")
        return os.path.join(self._volume, path)

    def _given(self, side: str, name: str) -> dict[str, Any]:
        content = self._inputs if side == "inputs" else self._outputs
        [given] = content["artifacts"][name]["artifacts"]
        return dict(given)


def properties_of(artifact: tfx_artifact.Artifact) -> dict[str, Any]:
    """Returns the properties of an artifact as metadata of the backend.

    Structured ones are given as JSON: none is read downstream.
    """
    message = artifact.mlmd_artifact
    found = {}
    for name, value in {**message.properties, **message.custom_properties}.items():
        kind = value.WhichOneof("value")
        if kind in ("int_value", "double_value", "string_value"):
            found[name] = getattr(value, kind)
        else:
            found[name] = str(artifact.get_json_value_custom_property(name))
    return found


def set_properties(artifact: tfx_artifact.Artifact, metadata: Mapping[str, Any]) -> None:
    """Gives an artifact the properties that `properties_of` has read from another.

    The backend knows one kind of number: whole ones become integers again.
    """
    declared = type(artifact).PROPERTIES or {}
    for name, value in metadata.items():
        whole = isinstance(value, float) and value.is_integer()
        read = int(value) if whole else value
        if name in declared:
            setattr(artifact, name, read)
        elif isinstance(read, int):
            artifact.set_int_custom_property(name, read)
        elif isinstance(read, float):
            artifact.set_float_custom_property(name, read)
        else:
            artifact.set_string_custom_property(name, str(read))
