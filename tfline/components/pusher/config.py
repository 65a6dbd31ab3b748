"""What a model may cost before it is pushed. Read by the spec, so it imports no TensorFlow."""

from __future__ import annotations

import pydantic

from tfline.transforms.features import FrozenModel


class Budgets(FrozenModel):
    """Upper bounds on what the certificate measures; None: no bound.

    Attributes:
        p99_ms: Milliseconds that 99 of 100 gRPC requests of one record take at most.
        model_mb: Megabytes (10^6 bytes) of the model's files.
        cold_start_s: Seconds from the start of a server process until it answers.
    """

    p99_ms: float | None = pydantic.Field(default=None, gt=0, allow_inf_nan=False)
    model_mb: float | None = pydantic.Field(default=None, gt=0, allow_inf_nan=False)
    cold_start_s: float | None = pydantic.Field(default=None, gt=0, allow_inf_nan=False)
