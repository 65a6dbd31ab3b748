"""The certificate of a version: how it answered in a server, before it went live."""

from __future__ import annotations

from pathlib import Path

import pydantic

from tfline.components.artifacts.override import Override
from tfline.components.artifacts.versions import CERTIFICATE
from tfline.components.pusher.config import Budgets
from tfline.transforms.errors import PushError
from tfline.transforms.features import FrozenModel


class Certificate(FrozenModel):
    """What was measured, all of it with the very files that are pushed.

    Attributes:
        format: Version of the file.
        records: Raw eval records that were asked about in each way.
        tolerance: Difference that is allowed between two answers; see
            `tfline.components.pusher.parity`.
        largest_difference: By way (``grpc``, ``grpc_single``, ``rest``), the largest difference of
            an answer from the model's in process.
        p50_ms: Median latency of a gRPC request of one record, in milliseconds.
        p99_ms: 99th percentile of it.
        cold_start_s: Seconds from the start of the server process until it answered.
        model_mb: Megabytes (10^6 bytes) of the model's files.
        runtime: The version of TensorFlow in that server, and in the process beside it; empty in
            a certificate of an older version.
        overridden: Who let the model go live against the verdict; None: it is blessed.
    """

    format: int = 1
    records: int
    tolerance: float
    largest_difference: dict[str, float]
    p50_ms: float
    p99_ms: float
    cold_start_s: float
    model_mb: float
    runtime: str = ""
    overridden: Override | None = None

    def check(self, budgets: Budgets) -> None:
        """Raises if a budget is exceeded.

        Raises:
            PushError: It names every budget that is.
        """
        exceeded = [
            f"{name} is {getattr(self, name):.4g}, allowed {budget:g}"
            for name, budget in budgets
            if budget is not None and getattr(self, name) > budget
        ]
        if exceeded:
            raise PushError(
                f"The model exceeds its budget: {'; '.join(exceeded)}",
                "push.budgets",
                "It is not pushed. Make the model smaller or faster, or raise the budget.",
            )

    def summary(self) -> str:
        """Returns one line, such as ``100 records agree within 1e-07, p99 2.1 ms``."""
        difference = max(self.largest_difference.values())
        agree = f"{self.records} records agree within {difference:.1g}, p99 {self.p99_ms:.2g} ms"
        return f"{agree}; not blessed; {self.overridden}" if self.overridden is not None else agree


def write_certificate(version: Path, certificate: Certificate) -> None:
    """Writes the certificate into the folder of a version."""
    path = version / CERTIFICATE
    path.parent.mkdir(exist_ok=True)
    path.write_text(certificate.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_certificate(version: Path) -> Certificate | None:
    """Returns the certificate in the folder of a version; None if there is none.

    Raises:
        PushError: It cannot be read.
    """
    path = version / CERTIFICATE
    try:
        return Certificate.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, pydantic.ValidationError) as exc:
        raise PushError(f"The certificate cannot be read: {exc}", str(path)) from exc
