"""Settings of a model and its training that the Tuner has chosen. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic

from tfline.components.trainer.config import ModelConfig, RunConfig
from tfline.components.trainer.models import resolve
from tfline.transforms.arguments import check_arguments
from tfline.transforms.errors import SpecError


def with_values(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """Returns a config with some settings changed.

    Args:
        config: Which model, and how it is trained.
        values: ``train.KEY``, ``train.SECTION.KEY`` or ``model.ARGUMENT`` to a value.

    Raises:
        SpecError: There is no such setting, or it does not take the value; `where` is the key.
    """
    train = config.train.model_dump(mode="json")
    arguments = dict(config.model.arguments)
    for key, value in values.items():
        section, *path = key.split(".")
        if section == "model" and len(path) == 1:
            arguments[path[0]] = value
        elif section == "train" and path:
            _set(train, path, value, key)
        else:
            raise SpecError(
                f"'{key}' is no setting to be tuned",
                key,
                "Those are `train.KEY` and `model.ARGUMENT`.",
            )
    name = config.model.name
    checked = check_arguments(resolve(name), arguments, ", ".join(values))
    try:
        changed = {**config.model_dump(mode="json"), "train": train}
        changed["model"] = ModelConfig(name=name, arguments=checked)
        return RunConfig.model_validate(changed)
    except pydantic.ValidationError as exc:
        error = exc.errors()[0]
        setting = ".".join(str(part) for part in error["loc"])
        message = error["msg"].removeprefix("Value error, ")
        raise SpecError(f"Invalid value for `{setting}`. {message}", ", ".join(values)) from exc


def _set(section: dict[str, Any], path: list[str], value: Any, key: str) -> None:
    """Sets a value below a section of the spec."""
    *parents, last = path
    for parent in parents:
        inner = section.get(parent)
        if not isinstance(inner, dict):
            raise SpecError(f"`{parent}` of '{key}' is no section of the spec", key)
        section = inner
    section[last] = value
