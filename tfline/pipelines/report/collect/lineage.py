"""Lineage: from which data, spec, sources and versions each artifact was made."""

from __future__ import annotations

import dataclasses

from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.run.parts import digest


@dataclasses.dataclass(frozen=True)
class ArtifactRow:
    """An artifact of the run.

    Attributes:
        component: Who made it.
        channel: The component's output.
        type: TFX's type; empty if the metadata store does not know it.
        id: In the metadata store; None if it is not there.
        execution: The execution that made it, as its folder says.
        folder: Where it is.
    """

    component: str
    channel: str
    type: str
    id: int | None
    execution: str
    folder: str


@dataclasses.dataclass(frozen=True)
class LineageSection:
    """Where everything comes from.

    Attributes:
        run: The id of the run.
        artifacts: In the order in which they were made.
        fingerprints: Component to the digest of all that its result depends on.
        sources: Number of source files in these, by component.
        packages: Package that computes to its version.
        environment: Digest of all installed packages; empty in an older record.
        inputs: Data file to its size in bytes, in words.
        log: The log of the run.
    """

    run: str
    artifacts: tuple[ArtifactRow, ...]
    fingerprints: dict[str, str]
    sources: dict[str, int]
    packages: dict[str, str]
    environment: str
    inputs: dict[str, str]
    log: str


def collect(files: RunFiles) -> LineageSection:
    """Returns the lineage of a run."""
    record = files.record
    known = _stored_artifacts(files)
    artifacts = tuple(
        ArtifactRow(
            component=name,
            channel=channel,
            type=known[uri][0] if uri in known else "",
            id=known[uri][1] if uri in known else None,
            execution=uri.rpartition("/")[2],
            folder=uri,
        )
        for name, component in record.components.items()
        for channel, uri in component.outputs.items()
    )
    parts = {part for found in record.parts.values() for part in found}
    return LineageSection(
        run=record.id,
        artifacts=artifacts,
        fingerprints={name: digest(found) for name, found in record.parts.items()},
        sources={
            name: sum(part.kind == "source" for part in found)
            for name, found in record.parts.items()
        },
        packages={part.name: part.value for part in sorted(parts) if part.kind == "package"},
        environment=record.environment,
        inputs={
            part.label.removeprefix("data."): part.value.partition(" bytes")[0]
            for part in record.parts.get("ExampleGen", ())
            if part.kind == "file"
        },
        log=record.log,
    )


def _stored_artifacts(files: RunFiles) -> dict[str, tuple[str, int]]:
    """Returns type and id of each artifact by its folder, from the metadata store."""
    if not files.metadata.is_file():
        return {}
    from ml_metadata.metadata_store import metadata_store
    from ml_metadata.proto import metadata_store_pb2

    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(files.metadata)
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
    stored = metadata_store.MetadataStore(config).get_artifacts()
    return {artifact.uri: (artifact.type, artifact.id) for artifact in stored}
