"""What a command needs beyond tfline's own dependencies."""

from __future__ import annotations

import importlib.metadata

from tfline.pipelines.environment import MEND
from tfline.transforms.errors import SpecError


def require_extra() -> None:
    """Refuses a command that needs the SDK of Kubeflow Pipelines if that is not installed.

    Raises:
        SpecError: It is not.
    """
    for package in ("kfp", "kfp-kubernetes"):
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as exc:
            raise SpecError(
                f"The package {package} is not installed",
                hint=f"It is in the lock of the release: {MEND}",
            ) from exc
