"""The ordinary TFX ``Examples`` artifact that ExampleGen fills."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tfx.types import artifact, artifact_utils

# The names that tfx.components.example_gen.utils and its PayloadFormat proto give to these. Their
# import would bring Apache Beam along, for six seconds.
_PAYLOAD_PROPERTY = "payload_format"
_TF_EXAMPLE = "FORMAT_TF_EXAMPLE"


def split_folder(examples: artifact.Artifact, split: str) -> str:
    """Returns the folder of a split. TFX's own function wants the split's name recorded first."""
    return os.path.join(examples.uri, f"Split-{split}")


def shard_name(index: int, count: int, *, compressed: bool) -> str:
    """Returns the name of a data file.

    TFX, tfx_bsl and Beam tell compressed files by their suffix.
    """
    return f"data_tfrecord-{index:05d}-of-{count:05d}{'.gz' if compressed else ''}"


def describe(
    examples: artifact.Artifact,
    counts: Mapping[str, int],
    left_out: int = 0,
    repeated: Mapping[str, int] | None = None,
    not_chosen: int = 0,
) -> None:
    """Sets the properties of an artifact whose files are written.

    Args:
        examples: The artifact.
        counts: The number of records by split; kept as ``records_<split>``.
        left_out: How many records are in no split; kept as ``records_left_out``.
        repeated: How many records of a split stand in the train split, too; kept as
            ``repeated_<split>``.
        not_chosen: For how many records the condition `where` does not hold; kept as
            ``records_not_chosen``.
    """
    examples.split_names = artifact_utils.encode_split_names(list(counts))
    examples.set_string_custom_property(_PAYLOAD_PROPERTY, _TF_EXAMPLE)
    for split, count in counts.items():
        examples.set_int_custom_property(f"records_{split}", count)
    examples.set_int_custom_property("records_left_out", left_out)
    examples.set_int_custom_property("records_not_chosen", not_chosen)
    for split, count in (repeated or {}).items():
        examples.set_int_custom_property(f"repeated_{split}", count)
