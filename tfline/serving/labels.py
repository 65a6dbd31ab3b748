"""Labels of versions: a ``models.config`` beside the versions, which a model server polls.

Without it a server loads the newest version. With it a server loads the versions that are named,
and ``stable`` and ``canary`` stand for two of them, in gRPC (`ModelSpec.version_label`) and REST
(``/v1/models/NAME/labels/stable``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfline.serving.files import replace_text
from tfline.transforms.errors import PushError

CONFIG_FILE = "models.config"
"""The name of the file in a push folder."""

STABLE, CANARY = "stable", "canary"
LABELS = (STABLE, CANARY)

_PLATFORM = "tensorflow"


@dataclass(frozen=True)
class Labels:
    """The versions of a model that a server loads, and what they are called.

    Attributes:
        versions: Label to version.
        loaded: The versions that are loaded, ascending; every labelled one is among them.
    """

    versions: Mapping[str, int] = field(default_factory=dict)
    loaded: tuple[int, ...] = ()


def read_labels(folder: Path, model: str) -> Labels:
    """Returns the labels in a push folder; none if it has no ``models.config``.

    Raises:
        PushError: The file cannot be read.
    """
    for config in _models(folder):
        if config.name == model:
            loaded = config.model_version_policy.specific.versions
            return Labels(dict(config.version_labels), tuple(sorted(loaded)))
    return Labels()


def versions_in_use(folder: Path) -> set[int]:
    """Returns the versions that the ``models.config`` of a push folder names, of any model.

    Raises:
        PushError: The file cannot be read.
    """
    found: set[int] = set()
    for model in _models(folder):
        found.update(model.version_labels.values(), model.model_version_policy.specific.versions)
    return found


def names_other_folder(folder: Path, model: str) -> bool:
    """Tells whether the ``models.config`` of a push folder says that its model is elsewhere.

    It names an absolute path, which no longer holds once the folder has been moved.

    Raises:
        PushError: The file cannot be read.
    """
    own = str(folder.resolve())
    return any(known.name == model and known.base_path != own for known in _models(folder))


def write_labels(folder: Path, model: str, labels: Labels) -> Path:
    """Writes ``models.config`` whole or not at all; other models and settings in it stay.

    Args:
        folder: The push folder.
        model: The name of the model.
        labels: What its versions are called from now on.

    Returns:
        The file.

    Raises:
        PushError: The file cannot be read or written.
    """
    from google.protobuf import text_format

    path = folder / CONFIG_FILE
    config = _read(folder)
    _set_model(config, model, str(folder.resolve()), labels)
    try:
        replace_text(path, text_format.MessageToString(config))
    except OSError as exc:
        raise PushError(f"The labels cannot be written: {exc.strerror}", str(path)) from exc
    return path


def config_text(model: str, base_path: str, labels: Labels) -> str:
    """Returns a ``models.config`` with one model, for a server that sees it at `base_path`."""
    from google.protobuf import text_format

    config = _empty()
    _set_model(config, model, base_path, labels)
    return text_format.MessageToString(config)


def _models(folder: Path) -> Iterable[Any]:
    """Returns the models in the ``models.config`` of a push folder, if there is one."""
    if not (folder / CONFIG_FILE).exists():
        return ()  # the messages of the API take time to import
    models: Iterable[Any] = _read(folder).model_config_list.config
    return models


def _empty() -> Any:
    from tfline.serving.protos import model_server_config_pb2

    return model_server_config_pb2.ModelServerConfig()


def _read(folder: Path) -> Any:
    """Returns the ModelServerConfig of a push folder; an empty one if there is no file."""
    from google.protobuf import text_format

    config = _empty()
    path = folder / CONFIG_FILE
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), config)
    except FileNotFoundError:
        return config
    except (OSError, UnicodeDecodeError, text_format.ParseError) as exc:
        raise PushError(
            f"The labels cannot be read: {exc}", str(path), "Mend the file, or remove it."
        ) from exc


def _set_model(config: Any, model: str, base_path: str, labels: Labels) -> None:
    """Puts a model with its labels into a ModelServerConfig, or changes it there."""
    models = config.model_config_list.config
    entry = next((known for known in models if known.name == model), None) or models.add()
    entry.name, entry.base_path, entry.model_platform = model, base_path, _PLATFORM
    entry.model_version_policy.specific.versions[:] = labels.loaded
    entry.version_labels.clear()
    entry.version_labels.update(labels.versions)
