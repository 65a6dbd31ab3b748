"""A person's word against the gate's: recorded with its reason, and pushed by the next run.

The verdict stays what it was. The override is an execution of its own in the metadata store, and
properties of the blessing that it overrides; the Pusher reads those. A model that is trained anew
gets a new blessing, which nothing overrides.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tfline.components.artifacts.override import Override, property_name
from tfline.transforms.errors import WorkFolderError

if TYPE_CHECKING:
    from ml_metadata import metadata_store

FILE_NAME = "OVERRIDDEN"
"""The file beside ``NOT_BLESSED`` that says who overrides it, and why."""

EXECUTION_TYPE = "tfline.Override"
"""The type of the execution in the metadata store."""


def read_override(blessing: Path) -> Override | None:
    """Returns the override of a blessing, the folder of the artifact; None if there is none."""
    try:
        text = (blessing / FILE_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return Override.model_validate_json(text)


def override_blessing(
    blessing: Path, store: metadata_store.MetadataStore, override: Override
) -> None:
    """Records an override in the metadata store, then beside the verdict.

    Args:
        blessing: The folder of the blessing.
        store: The metadata store.
        override: Who and why.

    Raises:
        WorkFolderError: The store does not know the blessing.
    """
    from ml_metadata import proto

    artifacts = store.get_artifacts_by_uri(str(blessing))
    if not artifacts:
        raise WorkFolderError("The metadata store does not know the blessing", str(blessing))
    [artifact] = artifacts
    execution = proto.Execution(
        type_id=store.put_execution_type(proto.ExecutionType(name=EXECUTION_TYPE)),
        last_known_state=proto.Execution.COMPLETE,
    )
    for key, value in override.model_dump().items():
        artifact.custom_properties[property_name(key)].string_value = value
        execution.custom_properties[key].string_value = value
    artifact.custom_properties["overridden"].int_value = 1
    event = proto.Event(type=proto.Event.INPUT, artifact_id=artifact.id)
    pipeline = store.get_context_type("pipeline").id  # a cache's context would hide its results
    contexts = [
        context
        for context in store.get_contexts_by_artifact(artifact.id)
        if context.type_id == pipeline
    ]
    store.put_execution(execution, [(artifact, event)], contexts)
    staged = blessing / f".{FILE_NAME}.part"
    staged.write_text(override.model_dump_json(indent=1) + "\n", encoding="utf-8")
    os.replace(staged, blessing / FILE_NAME)
