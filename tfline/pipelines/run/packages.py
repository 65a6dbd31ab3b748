"""The installed packages that a component's result depends on, and a digest of all of them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tfline.components.trainer.models import TREES
from tfline.pipelines.run.parts import Part, Parts

_DATA = ("tfx", "apache-beam", "numpy", "tfx-bsl")
_TRAINING = ("tfx", "tensorflow", "tensorflow-transform", "keras", "numpy")

PACKAGES: dict[str, tuple[str, ...]] = {
    "ExampleGen": ("tfx", "numpy"),
    "StatisticsGen": (*_DATA, "tensorflow-data-validation"),
    "SchemaGen": ("tfx", "tensorflow-data-validation"),
    "ExampleValidator": ("tfx", "tensorflow-data-validation"),
    "Transform": (*_DATA, "tensorflow", "tensorflow-transform"),
    "Tuner": (*_TRAINING, "keras-tuner"),
    "Resolver": ("tfx",),
    "Trainer": _TRAINING,
    "Evaluator": (*_DATA, "tensorflow", "keras", "tensorflow-model-analysis"),
    "Pusher": ("tfx", "tensorflow"),
}
"""The packages that compute in each component: another version of one may give another result."""


_OF_TREES = ("ydf", "ydf-tf")


def package_parts(component: str) -> Parts:
    """Returns the versions of the packages that compute in a component."""
    return _parts(PACKAGES[component])


def model_parts(model: str) -> Parts:
    """Returns the versions of the packages that only some models are trained by.

    Args:
        model: Its name in the spec.
    """
    return _parts(_OF_TREES if model in TREES else ())


def _parts(names: Iterable[str]) -> Parts:
    return tuple(Part("package", name, _version(name)) for name in names)


@cache
def _version(package: str) -> str:
    return importlib.metadata.version(package)


def environment_digest(entries: Iterable[str] | None = None) -> str:
    """Returns a digest of the names and versions of all installed packages.

    Args:
        entries: Where packages are; left out: the folders of `sys.path`.
    """
    found = sys.path if entries is None else entries
    folders = {Path(entry) for entry in found if entry and os.path.isdir(entry)}
    names = {path.stem for folder in folders for path in folder.glob("*.dist-info")}
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
