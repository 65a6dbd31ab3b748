"""TensorFlow Serving on Kubernetes: objects for ``kubectl apply``.

The Deployment names no number of replicas: that is the autoscaler's. Versions are on a volume that
the Pusher writes to, and labels in a ConfigMap, which a running server polls.
"""

from __future__ import annotations

from typing import Any

from tfline.serving.deploy.served import (
    BINARY,
    GRPC_PORT,
    REST_PORT,
    USER,
    ServedModel,
    image,
    resources,
    server_flags,
)
from tfline.serving.labels import CONFIG_FILE, config_text

Object = dict[str, Any]

MODELS = "/models"
"""Where a container has the volume of the models."""

_CONFIG = "/etc/tfline"
_MIN_REPLICAS, _MAX_REPLICAS, _CPU_PERCENT = 2, 10, 70
_DRAIN_SECONDS, _GRACE_SECONDS = 10, 15


def kubernetes(model: ServedModel) -> list[Object]:
    """Returns the objects, in the order in which they are needed."""
    return [
        *([_config_map(model)] if model.labels.versions else []),
        _volume_claim(model),
        _deployment(model),
        _service(model),
        _disruption_budget(model),
        _autoscaler(model),
    ]


def claim_name(model: ServedModel) -> str:
    """Returns the name of the claim to the volume that has the push folder at ``NAME/``."""
    return f"{model.resource}-models"


def _metadata(model: ServedModel, name: str = "") -> Object:
    labels = {**_selector(model), "app.kubernetes.io/managed-by": "tfline"}
    return {"name": name or model.resource, "labels": labels}


def _selector(model: ServedModel) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": model.resource,
        "app.kubernetes.io/component": "model-server",
    }


def _config_map(model: ServedModel) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(model),
        "data": {CONFIG_FILE: config_text(model.name, f"{MODELS}/{model.name}", model.labels)},
    }


def _volume_claim(model: ServedModel) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(model, claim_name(model)),
        "spec": {
            "accessModes": ["ReadWriteMany"],  # the Pusher writes, servers on any node read
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }


def _deployment(model: ServedModel) -> Object:
    selector = _selector(model)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(model),
        "spec": {
            "selector": {"matchLabels": selector},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
            },
            "template": {
                "metadata": {"labels": _metadata(model)["labels"]},
                "spec": _pod(model, selector),
            },
        },
    }


def _pod(model: ServedModel, selector: dict[str, str]) -> Object:
    volumes: list[Object] = [
        {
            "name": "models",
            "persistentVolumeClaim": {"claimName": claim_name(model), "readOnly": True},
        },
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    if model.labels.versions:
        volumes.append({"name": "config", "configMap": {"name": model.resource}})
    return {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector},
            }
        ],
        "containers": [_container(model)],
        "volumes": volumes,
    }


def _container(model: ServedModel) -> Object:
    config_file = f"{_CONFIG}/{CONFIG_FILE}" if model.labels.versions else ""
    mounts: list[Object] = [
        {"name": "models", "mountPath": MODELS, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the container
    ]
    if config_file:
        mounts.append({"name": "config", "mountPath": _CONFIG, "readOnly": True})
    return {
        "name": "model-server",
        "image": image(),
        "command": [BINARY],
        "args": server_flags(model.name, f"{MODELS}/{model.name}", config_file),
        "ports": [
            {"name": "grpc", "containerPort": GRPC_PORT},
            {"name": "rest", "containerPort": REST_PORT},
        ],
        # A server opens its ports once the model is available, however long that takes.
        "startupProbe": {**_status_probe(model), "periodSeconds": 2, "failureThreshold": 150},
        "readinessProbe": {**_status_probe(model), "periodSeconds": 5, "timeoutSeconds": 3},
        "livenessProbe": {"tcpSocket": {"port": "grpc"}, "periodSeconds": 10},
        # Requests still come until every node knows that this server goes.
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(_DRAIN_SECONDS)]}}},
        "resources": resources(),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }


def _status_probe(model: ServedModel) -> Object:
    return {"httpGet": {"path": f"/v1/models/{model.name}", "port": "rest"}}


def _service(model: ServedModel) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(model),
        "spec": {
            "selector": _selector(model),
            "ports": [
                {
                    "name": "grpc",
                    "port": GRPC_PORT,
                    "targetPort": "grpc",
                    "appProtocol": "kubernetes.io/h2c",
                },
                {"name": "rest", "port": REST_PORT, "targetPort": "rest"},
            ],
        },
    }


def _disruption_budget(model: ServedModel) -> Object:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(model),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _selector(model)}},
    }


def _autoscaler(model: ServedModel) -> Object:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _metadata(model),
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": model.resource,
            },
            "minReplicas": _MIN_REPLICAS,
            "maxReplicas": _MAX_REPLICAS,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": _CPU_PERCENT},
                    },
                }
            ],
        },
    }
