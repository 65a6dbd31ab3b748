"""The targets of a deployment, and their text: the same bytes for the same model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from tfline.serving.deploy.compose import compose
from tfline.serving.deploy.kserve import kserve
from tfline.serving.deploy.kubernetes import kubernetes
from tfline.serving.deploy.served import ServedModel

Documents = list[dict[str, Any]]

TARGETS: dict[str, Callable[[ServedModel], Documents]] = {
    "compose": compose,
    "kubernetes": kubernetes,
    "kserve": kserve,
}
"""What can be deployed to, and what makes its documents."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as they are, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )


_Dumper.add_representer(str, _represent_text)


def manifest(target: str, model: ServedModel) -> str:
    """Returns the YAML documents for one of `TARGETS`."""
    documents = TARGETS[target](model)
    return yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, width=100, explicit_start=len(documents) > 1
    )
