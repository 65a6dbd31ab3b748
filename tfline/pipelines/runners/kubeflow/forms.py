"""Small pieces of a pipeline spec in its JSON form: names, types, sources of inputs, paths."""

from __future__ import annotations

import re
from typing import Any

Object = dict[str, Any]

_ARTIFACT_VERSION = "0.0.1"
_SYSTEM_TYPES = {"Examples": "Dataset", "Model": "Model", "PushedModel": "Model"}
"""TFX's types that have a counterpart in the user interface; the others are artifacts."""


def kebab(name: str) -> str:
    """Returns a name as Kubernetes wants it: ``example-gen`` for ``ExampleGen``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).replace("_", "-").lower()


def artifact_type(tfx_name: str) -> Object:
    """Returns the type of an artifact by its name in TFX."""
    title = f"system.{_SYSTEM_TYPES.get(tfx_name, 'Artifact')}"
    return {"schemaTitle": title, "schemaVersion": _ARTIFACT_VERSION}


def constant(value: str) -> Object:
    """Returns the source of an input that is compiled in."""
    return {"runtimeValue": {"constant": value}}


def root_input(name: str) -> Object:
    """Returns the source of an input that is a parameter of the run."""
    return {"componentInputParameter": name}


def task_output(component: str, output: str) -> Object:
    """Returns the source of an artifact that another component makes."""
    return {"taskOutputArtifact": {"producerTask": kebab(component), "outputArtifactKey": output}}


def path(side: str, name: str) -> str:
    """Returns the placeholder of the folder that the launcher gives an artifact.

    Args:
        side: ``inputs`` or ``outputs``.
        name: Of the artifact.
    """
    return f"{{{{$.{side}.artifacts['{name}'].path}}}}"
