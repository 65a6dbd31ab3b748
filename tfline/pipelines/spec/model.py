"""The section `model:` of a spec: a name of the table or a dotted path, with arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfline.components.trainer.config import ModelConfig
from tfline.components.trainer.models import resolve
from tfline.pipelines.spec.feature_forms import FormError
from tfline.transforms.arguments import check_arguments
from tfline.transforms.errors import SpecError


def as_ensemble(value: Any) -> Any:
    """Reads ``5`` as five seeds, and a list as further models, in the forms of `as_model`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"seeds": value}
    section = {"models": value} if isinstance(value, list | tuple) else value
    if not isinstance(section, Mapping) or "models" not in section:
        return section
    models = section["models"]
    if not isinstance(models, list | tuple):
        raise FormError(f"Expected a list of models. Received: {models!r}", ("models",))
    return {**section, "models": tuple(map(as_model, models))}


def as_model(value: Any) -> Any:
    """Reads ``cnn`` and ``{cnn: {filters: 30}}``; checks the arguments."""
    if isinstance(value, ModelConfig):
        return value
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, Mapping) or len(value) != 1:
        raise FormError(f"Expected a name or {{name: {{arguments}}}}. Received: {value!r}", ())
    [(name, arguments)] = value.items()
    if not isinstance(name, str):
        raise FormError(f"A model is a name. Received: {name!r}", ())
    try:
        checked = check_arguments(resolve(name), {} if arguments is None else arguments, where="")
    except SpecError as exc:
        raise FormError(exc.message, (name,), exc.hint) from exc
    return ModelConfig(name=name, arguments=checked)
