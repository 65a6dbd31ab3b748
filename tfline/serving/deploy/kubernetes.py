"""TensorFlow Serving on Kubernetes: objects for ``kubectl apply``.

The Deployment names no number of replicas: that is the autoscaler's. The push folder is on a volume
that the Pusher writes to. Its path in a server is the same, because ``models.config`` names it:
`tfline promote` and `tfline rollback` reach the running servers.

gRPC keeps its connections, so that a Service balances none of its calls. Clients in the cluster ask
the headless one for all servers (``dns:///NAME-grpc:8500``, with the policy ``round_robin``, which
is that of `tfline.serving.client`); a server ends its connections after some minutes, so that new
servers get their share. Metrics are Prometheus'; servers are scaled by their processors' load, or
by requests a second if a metric of that name is there.
"""

from __future__ import annotations

from typing import Any

from tfline.serving.deploy.served import (
    GRPC_PORT,
    REST_PORT,
    USER,
    ServedModel,
    resources,
    server_flags,
)

Object = dict[str, Any]

METRICS_PATH = "/monitoring/prometheus/metrics"
"""Where a server has its metrics, on the port of REST."""

REQUESTS_METRIC = "tensorflow_serving_requests_per_second"
"""The metric of a pod that `tfline deploy --requests-per-second` scales by."""

_CONFIG, _MONITORING = "/etc/tfline", "monitoring.config"
_CALM_SECONDS = 300
_MIN_REPLICAS, _MAX_REPLICAS, _CPU_PERCENT = 2, 10, 70
_DRAIN_SECONDS, _GRACE_SECONDS = 10, 45
_CONNECTION_MILLISECONDS, _CALL_MILLISECONDS = 300_000, 30_000


def kubernetes(model: ServedModel) -> list[Object]:
    """Returns the objects, in the order in which they are needed."""
    return [
        _config_map(model),
        _volume_claim(model, claim_name(model)),
        *([_volume_claim(model, _log_claim(model))] if model.log else []),
        _deployment(model),
        _service(model),
        _headless_service(model),
        _disruption_budget(model),
        _autoscaler(model),
    ]


def claim_name(model: ServedModel) -> str:
    """Returns the name of the claim to the volume that has the push folder at ``NAME/``."""
    return f"{model.resource}-models"


def _log_claim(model: ServedModel) -> str:
    return f"{model.resource}-requests"


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
        "data": {
            _MONITORING: f'prometheus_config {{ enable: true path: "{METRICS_PATH}" }}\n',
        },
    }


def _volume_claim(model: ServedModel, name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(model, name),
        "spec": {
            "accessModes": ["ReadWriteMany"],  # the Pusher and servers on any node
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
                "metadata": {
                    "labels": _metadata(model)["labels"],
                    "annotations": {
                        "prometheus.io/scrape": "true",
                        "prometheus.io/port": str(REST_PORT),
                        "prometheus.io/path": METRICS_PATH,
                    },
                },
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
        {"name": "config", "configMap": {"name": model.resource}},
    ]
    if model.log:
        claim = {"claimName": _log_claim(model)}
        volumes.append({"name": "requests", "persistentVolumeClaim": claim})
    return {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            **({"fsGroup": USER} if model.log else {}),  # it writes to the volume of the requests
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
    folder = str(model.folder)
    mounts: list[Object] = [
        {"name": "models", "mountPath": folder, "subPath": model.name, "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the container
        {"name": "config", "mountPath": _CONFIG, "readOnly": True},
    ]
    if model.log:
        mounts.append({"name": "requests", "mountPath": str(model.log.folder)})
    return {
        "name": "model-server",
        "image": model.image,
        "command": model.program,
        "args": [*server_flags(model, folder), *_cluster_flags()],
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


def _cluster_flags() -> list[str]:
    """Returns the flags that balance connections, and tell the metrics."""
    age = {
        "grpc.max_connection_age_ms": _CONNECTION_MILLISECONDS,
        "grpc.max_connection_age_grace_ms": _CALL_MILLISECONDS,
    }
    return [
        "--grpc_channel_arguments=" + ",".join(f"{key}={value}" for key, value in age.items()),
        f"--monitoring_config_file={_CONFIG}/{_MONITORING}",
    ]


def _status_probe(model: ServedModel) -> Object:
    """Returns a probe that fails while no version is available.

    The status of a model is an answer then, too; its metadata are none.
    """
    return {"httpGet": {"path": f"/v1/models/{model.name}/metadata", "port": "rest"}}


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


def _headless_service(model: ServedModel) -> Object:
    """Returns the service whose name stands for the addresses of all servers."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(model, f"{model.resource}-grpc"),
        "spec": {
            "clusterIP": "None",
            "selector": _selector(model),
            "ports": [{"name": "grpc", "port": GRPC_PORT, "targetPort": "grpc"}],
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
            # A server loads its model first: one that is let go of too soon is started again.
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": _CALM_SECONDS}},
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "averageUtilization": _CPU_PERCENT},
                    },
                },
                *([_requests_metric(model.requests_per_second)] * bool(model.requests_per_second)),
            ],
        },
    }


def _requests_metric(requests_per_second: float) -> Object:
    """Returns the metric of each pod that an adapter for Prometheus has to offer."""
    milli = round(requests_per_second * 1000)
    return {
        "type": "Pods",
        "pods": {
            "metric": {"name": REQUESTS_METRIC},
            "target": {"type": "AverageValue", "averageValue": f"{milli}m"},
        },
    }
