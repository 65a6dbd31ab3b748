"""What the open-source backend accepts of a platform spec, and Kubernetes of the pods it makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

_EFFECTS = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")


def platform_faults(document: dict[str, Any], executors: set[str]) -> Iterator[str]:
    """Yields the faults of a platform spec.

    Args:
        document: The platform spec.
        executors: The labels of the pipeline's executors.
    """
    try:
        platform = json_format.ParseDict(document, pipeline_spec_pb2.PlatformSpec())
    except json_format.ParseError as exc:
        yield f"it is no platform spec: {exc}"
        return
    if "kubernetes" not in platform.platforms:
        yield "the platform spec has no platform 'kubernetes'"
        return
    configs = platform.platforms["kubernetes"].deployment_spec.executors
    for label, struct in sorted(configs.items()):
        if label not in executors:
            yield f"platform: there is no executor '{label}'"
        try:
            config = json_format.ParseDict(
                json_format.MessageToDict(struct),
                kubernetes_executor_config_pb2.KubernetesExecutorConfig(),
            )
        except json_format.ParseError as exc:
            yield f"platform, {label}: {exc}"
            continue
        yield from (f"platform, {label}: {fault}" for fault in _config_faults(config))


def _config_faults(config: Any) -> Iterator[str]:
    """Yields the faults of one ``KubernetesExecutorConfig``."""
    named = [
        *(("secret_name", source) for source in config.secret_as_env),
        *(("secret_name", source) for source in config.secret_as_volume),
        *(("config_map_name", source) for source in config.config_map_as_env),
        *(("config_map_name", source) for source in config.config_map_as_volume),
        *(("secret_name", source) for source in config.image_pull_secret),
        *(("constant", source) for source in config.pvc_mount),
    ]
    for field, source in named:
        if not getattr(source, field):
            yield f"a {type(source).__name__} without a name"
    # The backend names a volume after its secret, config map or claim.
    mounted = [
        *((source.secret_name, source.mount_path) for source in config.secret_as_volume),
        *((source.config_map_name, source.mount_path) for source in config.config_map_as_volume),
        *((source.constant, source.mount_path) for source in config.pvc_mount),
    ]
    for what, values in (("volume", [m[0] for m in mounted]), ("folder", [m[1] for m in mounted])):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            yield f"the {what} '{twice[0]}' is there twice"
    for _, folder in mounted:
        if not folder.startswith("/"):
            yield f"the folder '{folder}' is not absolute"
    for toleration in config.tolerations:
        if toleration.operator not in ("Exists", "Equal") or toleration.effect not in _EFFECTS:
            yield f"an unknown toleration: {toleration.operator} {toleration.effect}"
        if toleration.operator == "Exists" and toleration.value:
            yield "a toleration that Exists with a value"
