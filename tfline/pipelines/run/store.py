"""The metadata store of a pipeline: what TFX knows of its artifacts. Without TFX or TensorFlow."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2

from tfline.pipelines.spec.metadata import MetadataSpec

_MYSQL_PORT, _POSTGRESQL_PORT = 3306, 5432


def store_connection(store: MetadataSpec, file: Path) -> metadata_store_pb2.ConnectionConfig:
    """Returns the connection to the metadata store: a server, or one SQLite file.

    Args:
        store: Which it is.
        file: Of SQLite.

    Raises:
        SpecError: There is no password where the spec says.
    """
    config = metadata_store_pb2.ConnectionConfig()
    if store.backend == "sqlite":
        config.sqlite.filename_uri = str(file)
        config.sqlite.connection_mode = (
            metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        )
        return config
    if store.backend == "mysql":
        config.mysql.host, config.mysql.user = str(store.host), str(store.user)
        config.mysql.database, config.mysql.password = store.database, store.password()
        config.mysql.port = store.port or _MYSQL_PORT
        if store.ca is not None:
            config.mysql.ssl_options.ca = store.ca
            config.mysql.ssl_options.verify_server_cert = True
    else:
        config.postgresql.host, config.postgresql.user = str(store.host), str(store.user)
        config.postgresql.dbname, config.postgresql.password = store.database, store.password()
        config.postgresql.port = str(store.port or _POSTGRESQL_PORT)
        if store.ca is not None:
            config.postgresql.ssloption.sslmode = "verify-full"
            config.postgresql.ssloption.sslrootcert = store.ca
    return config


def open_store(store: MetadataSpec, file: Path) -> metadata_store.MetadataStore:
    """Returns the metadata store; arguments and errors as in `store_connection`."""
    return metadata_store.MetadataStore(store_connection(store, file))


def forget_artifacts(store: metadata_store.MetadataStore, folders: Collection[str]) -> None:
    """Lets TFX's cache forget the artifacts in some folders, so that they are made again.

    Args:
        store: The metadata store.
        folders: URIs of artifacts, as they were recorded.
    """
    for folder in folders:
        artifacts = store.get_artifacts_by_uri(folder)
        for artifact in artifacts:
            artifact.state = metadata_store_pb2.Artifact.DELETED
        if artifacts:
            store.put_artifacts(artifacts)
