"""The section `push:` of a spec: where a blessed model goes."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from tfline.components.pusher.config import Budgets
from tfline.transforms.features import FrozenModel


def as_push(value: Any) -> Any:
    """Reads ``models/taxi`` as ``{to: models/taxi}``."""
    return {"to": value} if isinstance(value, str) else value


class PushSpec(FrozenModel):
    """Where a blessed model goes."""

    to: str = Field(description="The folder that TF Serving watches; versions are made below it.")
    keep: int = Field(
        default=5, ge=1, description="How many versions stay, besides those with labels."
    )
    budgets: Budgets = Field(
        default_factory=Budgets,
        description="What a model may cost: p99_ms, model_mb, cold_start_s.",
    )
    server: str | None = Field(
        default=None,
        min_length=1,
        description="host:port of a running server's gRPC; a push waits until it has the version.",
    )
