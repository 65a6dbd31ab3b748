"""TensorFlow Serving on KServe: one InferenceService, for a cluster that has KServe.

KServe asks for a model by the name of its service, serves one protocol a service (here gRPC), and
splits traffic by itself (``canaryTrafficPercent``): labels do not reach it.
https://kserve.github.io/website/docs/model-serving/predictive-inference/frameworks/tensorflow
"""

from __future__ import annotations

from typing import Any

from tfline.serving.deploy.kubernetes import claim_name
from tfline.serving.deploy.served import ServedModel, resources

_GRPC_PORT = 9000  # where KServe's runtime of TensorFlow has it


def kserve(model: ServedModel) -> list[dict[str, Any]]:
    """Returns the InferenceService; it reads the volume that the Kubernetes manifests claim."""
    return [
        {
            "apiVersion": "serving.kserve.io/v1beta1",
            "kind": "InferenceService",
            "metadata": {
                "name": model.resource,
                "labels": {
                    "app.kubernetes.io/name": model.resource,
                    "app.kubernetes.io/managed-by": "tfline",
                },
            },
            "spec": {
                "predictor": {
                    "minReplicas": 1,
                    "model": {
                        "modelFormat": {"name": "tensorflow"},
                        "runtimeVersion": model.version,
                        "storageUri": f"pvc://{claim_name(model)}/{model.name}",
                        "ports": [{"name": "h2c", "containerPort": _GRPC_PORT, "protocol": "TCP"}],
                        "resources": resources(),
                    },
                }
            },
        }
    ]
