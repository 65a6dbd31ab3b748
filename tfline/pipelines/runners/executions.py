"""What the metadata store says of earlier executions, made true before a run begins.

A run that was killed leaves executions that still count as running; a file of an artifact that was
deleted or changed by hand leaves one that the cache would take for good.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from typing import Any

from tfline.pipelines.run.files import FileDigests
from tfline.pipelines.run.records import RunRecord
from tfline.pipelines.run.store import forget_artifacts
from tfline.pipelines.run.work_folder import WorkFolder

_log = logging.getLogger(__name__)


def discard_unfinished(connection: Any, folder: WorkFolder, pipeline: str) -> None:
    """Ends the executions of runs that were killed, and removes what they had written."""
    from ml_metadata.proto import metadata_store_pb2

    with connection as handle:
        # A database server may keep other pipelines, too, which are running now.
        context = handle.store.get_context_by_type_and_name("pipeline", pipeline)
        if context is None:
            return
        unfinished = [
            execution
            for execution in handle.store.get_executions_by_context(context.id)
            if execution.last_known_state == metadata_store_pb2.Execution.RUNNING
        ]
        for execution in unfinished:
            _log.info("Discarding execution %d of a run that was killed", execution.id)
            for left in folder.artifacts.glob(f"*/*/{execution.id}"):
                shutil.rmtree(left)
            execution.last_known_state = metadata_store_pb2.Execution.CANCELED
        if unfinished:
            handle.store.put_executions(unfinished)


def forget_damaged(connection: Any, records: Iterable[RunRecord], digests: FileDigests) -> None:
    """Lets the cache forget every artifact that is not as its component left it."""
    made = {
        uri: component
        for record in records
        for component in record.components.values()
        for uri in component.outputs.values()
    }
    damaged = [uri for uri, component in made.items() if not component.is_intact(digests)]
    if not damaged:
        return
    for uri in damaged:
        _log.info("Forgetting the artifact %s: its files are not as they were", uri)
    with connection as handle:
        forget_artifacts(handle.store, damaged)
