"""tfline: from TFRecords to a model that answers over TF Serving's gRPC.

    import tfline

    run = tfline.Pipeline.load("taxi", train={"epochs": 3}).run()
    run.verdict, run.metrics["auc"], run.slices
    run.report()
    with run.serve() as client:
        client.predict([{"fare": 45.0}])

What `__all__` names is what is promised. A name is imported when it is first used: `import tfline`
imports neither TensorFlow nor anything else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfline.pipelines.api.beginning import init
    from tfline.pipelines.api.pipeline import Pipeline, runs
    from tfline.pipelines.api.run import Run
    from tfline.pipelines.api.verdict import Verdict
    from tfline.serving.client import Client, Prediction
    from tfline.serving.errors import (
        BusyError,
        DeadlineError,
        RejectedError,
        RequestError,
        RowError,
        ServingError,
        StartError,
        UnreachableError,
    )
    from tfline.transforms.errors import (
        AnomalyError,
        DataError,
        FeatureError,
        InternalError,
        ModelError,
        OwnCodeError,
        PushError,
        SpecError,
        TflineError,
        WorkFolderError,
    )

__all__ = [
    "AnomalyError",
    "BusyError",
    "Client",
    "DataError",
    "DeadlineError",
    "FeatureError",
    "InternalError",
    "ModelError",
    "OwnCodeError",
    "Pipeline",
    "Prediction",
    "PushError",
    "RejectedError",
    "RequestError",
    "RowError",
    "Run",
    "ServingError",
    "SpecError",
    "StartError",
    "TflineError",
    "UnreachableError",
    "Verdict",
    "WorkFolderError",
    "init",
    "runs",
]

_HOMES = {
    "tfline.pipelines.api.beginning": ("init",),
    "tfline.pipelines.api.pipeline": ("Pipeline", "runs"),
    "tfline.pipelines.api.run": ("Run",),
    "tfline.pipelines.api.verdict": ("Verdict",),
    "tfline.serving.client": ("Client", "Prediction"),
    "tfline.serving.errors": (
        "BusyError",
        "DeadlineError",
        "RejectedError",
        "RequestError",
        "RowError",
        "ServingError",
        "StartError",
        "UnreachableError",
    ),
    "tfline.transforms.errors": (
        "AnomalyError",
        "DataError",
        "FeatureError",
        "InternalError",
        "ModelError",
        "OwnCodeError",
        "PushError",
        "SpecError",
        "TflineError",
        "WorkFolderError",
    ),
}
"""Where each public name is defined."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(importlib.import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'tfline' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
