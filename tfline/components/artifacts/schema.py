"""The artifact of SchemaGen: one text proto. No TensorFlow here."""

from __future__ import annotations

import math
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tfline.transforms.errors import SpecError
from tfline.transforms.value_counts import ValueCount

SCHEMA_FILE = "schema.pbtxt"
"""The file of a schema artifact: the name that TFX's SchemaGen gives it."""


def parse_schema(text: str, where: str = "") -> schema_pb2.Schema:
    """Returns the schema of a text proto.

    Args:
        text: The text proto.
        where: The file it is from.

    Raises:
        SpecError: It is none.
    """
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as exc:
        raise SpecError(
            f"The curated schema is not a valid text proto: {exc}",
            where,
            "`tfline schema-review` writes one to start from.",
        ) from exc


def read_schema(folder: str | Path) -> schema_pb2.Schema:
    """Returns the schema of an artifact.

    Args:
        folder: Of the artifact.
    """
    text = (Path(folder) / SCHEMA_FILE).read_text(encoding="utf-8")
    return text_format.Parse(text, schema_pb2.Schema())


def value_counts(schema: schema_pb2.Schema) -> dict[str, ValueCount]:
    """Returns how many values a record holds of each feature of which the schema says it."""
    counts = {}
    for feature in schema.feature:
        if feature.HasField("shape"):
            size = math.prod(dimension.size for dimension in feature.shape.dim)
            counts[feature.name] = ValueCount(size, size)
        elif feature.HasField("value_count"):
            high = feature.value_count.max or None
            counts[feature.name] = ValueCount(feature.value_count.min, high)
    return counts
