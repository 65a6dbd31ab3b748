"""The certificate of the push, and where the model went."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfline.components.pusher.certificate import Certificate
from tfline.pipelines.report.run_files import RunFiles


@dataclasses.dataclass(frozen=True)
class PushSection:
    """The push.

    Attributes:
        summary: Pusher's own line.
        certificate: None if this run has pushed no new version.
        budgets: Measure to what it may be at most; None: not bounded.
    """

    summary: str
    certificate: Certificate | None
    budgets: dict[str, float | None]


def collect(files: RunFiles) -> PushSection | None:
    """Returns the push; None if the run has not got there, or pushes nowhere."""
    component = files.record.components.get("Pusher")
    if component is None:
        return None
    push: dict[str, Any] = files.spec.get("push") or {}
    return PushSection(component.summary, files.certificate, push.get("budgets", {}))
