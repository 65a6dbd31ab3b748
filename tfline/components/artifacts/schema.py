"""The artifact of SchemaGen: one text proto. No TensorFlow here."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

SCHEMA_FILE = "schema.pbtxt"
"""The file of a schema artifact: the name that TFX's SchemaGen gives it."""


def read_schema(folder: str | Path) -> schema_pb2.Schema:
    """Returns the schema of an artifact.

    Args:
        folder: Of the artifact.
    """
    text = (Path(folder) / SCHEMA_FILE).read_text(encoding="utf-8")
    return text_format.Parse(text, schema_pb2.Schema())
