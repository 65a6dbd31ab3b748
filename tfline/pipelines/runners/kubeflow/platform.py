"""What the pod of a step gets, in the messages of the backend.

Resources and the environment are part of the container (`pipeline_spec.proto`); all else is a
``KubernetesExecutorConfig`` of `kubernetes_executor_config.proto` (kfp-kubernetes).
"""

from __future__ import annotations

from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2

from tfline.pipelines.runners.kubeflow.forms import Object, constant
from tfline.pipelines.spec.kubernetes import StepSettings, Toleration

_SECONDS_PER_MINUTE = 60


def container_settings(settings: StepSettings) -> Object:
    """Returns the resources and the environment of a container; empty if there are none."""
    resources: Object = {}
    if settings.cpu is not None:
        resources |= {"resourceCpuRequest": settings.cpu, "resourceCpuLimit": settings.cpu}
    if settings.memory is not None:
        resources |= {
            "resourceMemoryRequest": settings.memory,
            "resourceMemoryLimit": settings.memory,
        }
    if settings.gpu:
        resources["accelerator"] = {
            "resourceType": settings.gpu_type,
            "resourceCount": str(settings.gpu),
        }
    container: Object = {"resources": resources} if resources else {}
    if settings.env:
        container["env"] = [{"name": name, "value": text} for name, text in settings.env.items()]
    return container


def retry_policy(retries: int) -> Object:
    """Returns how a task is repeated: after 10 s, then twice as long each time, up to an hour."""
    return {
        "maxRetryCount": retries,
        "backoffDuration": "10s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": "3600s",
    }


def platform_config(settings: StepSettings) -> Object:
    """Returns the ``KubernetesExecutorConfig`` of a step; empty if it has none."""
    config: Object = {
        "secretAsEnv": [
            _keyed("secret", source.name, source.env) for source in settings.secrets if source.env
        ],
        "secretAsVolume": [
            {**_named("secret", source.name), "mountPath": source.mount, "optional": False}
            for source in settings.secrets
            if source.mount
        ],
        "configMapAsEnv": [
            _keyed("configMap", source.name, source.env)
            for source in settings.config_maps
            if source.env
        ],
        "configMapAsVolume": [
            {**_named("configMap", source.name), "mountPath": source.mount, "optional": False}
            for source in settings.config_maps
            if source.mount
        ],
        "pvcMount": [
            {"constant": claim, "pvcNameParameter": constant(claim), "mountPath": folder}
            for claim, folder in settings.volumes.items()
        ],
        "imagePullSecret": [_named("secret", name) for name in settings.image_pull_secrets],
        "tolerations": [_toleration(toleration) for toleration in settings.tolerations],
    }
    if settings.node_selector:
        config["nodeSelector"] = {"labels": settings.node_selector}
    if settings.timeout_minutes is not None:
        config["activeDeadlineSeconds"] = str(settings.timeout_minutes * _SECONDS_PER_MINUTE)
    message = kubernetes_executor_config_pb2.KubernetesExecutorConfig()
    parsed: Object = json_format.MessageToDict(json_format.ParseDict(config, message))
    return parsed


def _named(kind: str, name: str) -> Object:
    """Returns a reference as old backends read it, and as new ones do."""
    return {f"{kind}Name": name, f"{kind}NameParameter": constant(name)}


def _keyed(kind: str, name: str, env: dict[str, str]) -> Object:
    keys = [{f"{kind}Key": key, "envVar": variable} for variable, key in env.items()]
    return {**_named(kind, name), "keyToEnv": keys, "optional": False}


def _toleration(toleration: Toleration) -> Object:
    values = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
    }
    if toleration.seconds is not None:
        values["tolerationSeconds"] = str(toleration.seconds)
    return values
