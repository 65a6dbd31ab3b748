"""What the open-source backend accepts of containers: their command, their placeholders, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
_LARGEST_ARGUMENT = 100_000
"""Bytes of the constants of a task; Linux passes no argument above 131,072 bytes (MAX_ARG_STRLEN),
and the launcher gets all inputs and outputs of a task as one."""


def container_faults(spec: Any, deployment: Any) -> Iterator[str]:
    """Yields the faults of the containers of a pipeline.

    Args:
        spec: A ``PipelineSpec``.
        deployment: Its ``PipelineDeploymentConfig``.
    """
    seen: dict[bytes, str] = {}
    for name, component in sorted(spec.components.items()):
        executor = deployment.executors.get(component.executor_label)
        if executor is None or not executor.HasField("container"):
            continue
        container = executor.container
        if not container.image or not (container.command or container.args):
            yield f"{name}: a container needs an image and a command"
        if container.HasField("lifecycle"):
            yield f"{name}: lifecycle hooks are not run"
        # The backend keeps component specs under the hash of their container.
        content = container.SerializeToString(deterministic=True)
        if seen.setdefault(content, name) != name:
            yield f"{name}: its container is the same as that of {seen[content]}"
        yield from (f"{name}: {fault}" for fault in _placeholder_faults(container, component))
    for task_name, task in sorted(spec.root.dag.tasks.items()):
        constants = (
            source.runtime_value.constant.string_value for source in task.inputs.parameters.values()
        )
        size = sum(len(text.encode()) for text in constants)
        if size > _LARGEST_ARGUMENT:
            yield f"task {task_name}: {size:,} bytes of constants, at most {_LARGEST_ARGUMENT:,}"


def _placeholder_faults(container: Any, component: Any) -> Iterator[str]:
    known = set(_placeholders(component))
    texts = [container.image, *container.command, *container.args]
    texts += [variable.value for variable in container.env]
    for text in texts:
        for placeholder in _PLACEHOLDER.findall(text):
            if placeholder not in known:
                yield f"unknown placeholder {placeholder}"


def _placeholders(component: Any) -> Iterator[str]:
    """Yields the placeholders that the launcher replaces in the container of a component."""
    yield "{{$}}"
    inputs, outputs = component.input_definitions, component.output_definitions
    yield from (f"{{{{$.inputs.parameters['{name}']}}}}" for name in inputs.parameters)
    yield from (
        f"{{{{$.outputs.parameters['{name}'].output_file}}}}" for name in outputs.parameters
    )
    for side, artifacts in (("inputs", inputs.artifacts), ("outputs", outputs.artifacts)):
        for name in artifacts:
            yield f"{{{{$.{side}.artifacts['{name}'].uri}}}}"
            yield f"{{{{$.{side}.artifacts['{name}'].path}}}}"
