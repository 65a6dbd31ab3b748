"""Which of the user's own code a model is made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfline.components.trainer.models import MODELS
from tfline.components.trainer.named import own_paths
from tfline.transforms.arguments import arguments_model


def own_code(name: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns dotted paths: of the builder, or of parts of the layers of one of `MODELS`.

    Args:
        name: Of the builder.
        arguments: Its keyword arguments, which have been checked.
    """
    if name not in MODELS:
        return (name,)
    return tuple(own_paths(arguments_model(MODELS[name]).model_validate(arguments)))
