"""The section `kubernetes:` of a spec: what the pod of each step gets.

Read with the spec, so it imports neither TensorFlow nor the SDK of Kubeflow Pipelines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import BeforeValidator, Field

from tfline.transforms.features import FrozenModel


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Cpu = Annotated[
    str,
    BeforeValidator(_as_text, json_schema_input_type=str | float),
    Field(pattern=r"^[0-9]+(\.[0-9]+)?m?$"),
]
"""Cores: ``2``, ``0.5`` or ``500m``."""

Bytes = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$")]
"""An amount of memory: ``8Gi``."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
"""The name of an object of Kubernetes (RFC 1123)."""

Folder = Annotated[str, Field(pattern=r"^/[^:\s]+$")]
"""An absolute path in the container."""

Names = Annotated[tuple[Name, ...], Field(strict=False)]


class KeySource(FrozenModel):
    """A secret or a config map, as environment variables, as files, or as both."""

    name: Name = Field(description="The secret or config map; it is in the namespace already.")
    env: dict[str, str] = Field(
        default_factory=dict, description="Environment variable to key: {TOKEN: token}."
    )
    mount: Folder | None = Field(default=None, description="Folder that gets a file for each key.")

    @pydantic.model_validator(mode="after")
    def _check_use(self) -> Self:
        if not self.env and self.mount is None:
            raise ValueError(f"'{self.name}' is not used. Expected `env`, `mount`, or both")
        return self


Secrets = Annotated[
    tuple[KeySource, ...], Field(strict=False, description="Secrets of the namespace.")
]
ConfigMaps = Annotated[
    tuple[KeySource, ...], Field(strict=False, description="Config maps of the namespace.")
]


class Toleration(FrozenModel):
    """Lets a pod run on nodes with a taint."""

    key: str = Field(description="The taint's key.")
    operator: Literal["Exists", "Equal"] = Field(
        default="Equal", description="Whether any value will do, or `value` alone."
    )
    value: str = Field(default="", description="The taint's value.")
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        default="", description="The taint's effect; empty: every one."
    )
    seconds: int | None = Field(default=None, ge=0, description="How long NoExecute is borne.")


class StepSettings(FrozenModel):
    """What the pod of a step gets."""

    cpu: Cpu | None = Field(default=None, description="Cores that are requested, and the limit.")
    memory: Bytes | None = Field(default=None, description="Memory, as request and limit.")
    gpu: int = Field(default=0, ge=0, description="Accelerators.")
    gpu_type: str = Field(default="nvidia.com/gpu", description="The accelerators' resource name.")
    node_selector: dict[str, str] = Field(default_factory=dict, description="Labels of the node.")
    tolerations: Annotated[tuple[Toleration, ...], Field(strict=False)] = Field(
        default=(), description="The taints of nodes that it may run on all the same."
    )
    env: dict[str, str] = Field(default_factory=dict, description="Environment variables.")
    secrets: Secrets = ()
    config_maps: ConfigMaps = ()
    volumes: dict[Name, Folder] = Field(
        default_factory=dict, description="Persistent volume claim to the folder it is mounted at."
    )
    image_pull_secrets: Names = Field(
        default=(), description="Secrets by which the image is fetched."
    )
    retries: int = Field(default=0, ge=0, description="How often a step that failed is repeated.")
    timeout_minutes: int | None = Field(default=None, ge=1, description="Then its pod is ended.")

    @pydantic.model_validator(mode="after")
    def _check_names(self) -> Self:
        """Refuses what the backend would turn into a pod that Kubernetes refuses."""
        _refuse_twice("secret", (secret.name for secret in self.secrets))
        _refuse_twice("config map", (config.name for config in self.config_maps))
        sources = (*self.secrets, *self.config_maps)
        names = [*self.env, *(name for source in sources for name in source.env)]
        _refuse_twice("environment variable", names)
        mounts = [(source.name, source.mount) for source in sources if source.mount]
        mounts += self.volumes.items()
        _refuse_twice("folder", (folder for _, folder in mounts))
        _refuse_twice("volume", (name for name, _ in mounts))
        return self

    def merged(self, other: StepSettings) -> StepSettings:
        """Returns these settings with those of one step added; its single values win.

        Raises:
            ValueError: Both refer to one secret, one config map or one folder.
        """
        values: dict[str, Any] = {name: getattr(self, name) for name in StepSettings.model_fields}
        for name in other.model_fields_set:
            mine, new = values[name], getattr(other, name)
            if isinstance(new, dict):
                new = {**mine, **new}
            elif isinstance(new, tuple):
                new = (*mine, *new)
            values[name] = new
        return StepSettings(**values)


class KubernetesSpec(StepSettings):
    """What the pods of all steps get, and more for single ones."""

    steps: dict[str, StepSettings] = Field(
        default_factory=dict, description="Component to what it gets beside, or instead."
    )
    modules: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(), description="Your own top-level packages that are in the image."
    )

    @pydantic.model_validator(mode="after")
    def _check_steps(self) -> Self:
        for name in self.steps:
            try:
                self.of(name)
            except pydantic.ValidationError as exc:
                reason = exc.errors()[0]["msg"].removeprefix("Value error, ")
                raise ValueError(f"`steps.{name}`: {reason}") from exc
        return self

    def of(self, step: str) -> StepSettings:
        """Returns what one step gets."""
        return self.merged(self.steps.get(step, StepSettings()))


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"The {what} '{twice[0]}' is referred to twice. Name it once, for all steps or for one"
        )
