"""The work of SchemaGen and of SchemaImporter."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.components.schema_gen import executor
from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils
from tfx.utils import io_utils

from tfline.components.artifacts.schema import SCHEMA_FILE, parse_schema, read_schema
from tfline.components.artifacts.statistics import (
    common_statistics,
    feature_key,
    read_statistics,
)

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]


class SchemaExecutor(executor.Executor):
    """TFX's inference of a schema, and a line about what was inferred."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Infers the schema from the statistics of the train split, which others are held to."""
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        splits = artifact_utils.decode_split_names(statistics.split_names)
        others = json.dumps([split for split in splits if split != "train"])
        super().Do(input_dict, output_dict, {**exec_properties, "exclude_splits": others})
        folder = artifact_utils.get_single_uri(output_dict["schema"])
        schema = read_schema(folder)
        declare_lengths(schema, read_statistics(statistics)["train"].datasets[0])
        io_utils.write_pbtxt_file(os.path.join(folder, SCHEMA_FILE), schema)
        features = schema.feature
        limited = sum(feature.WhichOneof("domain_info") is not None for feature in features)
        _summary.info("%d features, %d with a domain", len(features), limited)


def declare_lengths(
    schema: schema_pb2.Schema, train: statistics_pb2.DatasetFeatureStatistics
) -> None:
    """Writes into a schema how long the lists are that have the same length in every record.

    Whoever gets a vector or a window of another length can then tell. Records without the feature
    are no matter: TensorFlow Data Validation's own inference of shapes would forbid them.

    Args:
        schema: Changed.
        train: The statistics that it is inferred from.
    """
    by_key = {feature_key(stats): common_statistics(stats) for stats in train.features}
    for feature in schema.feature:
        common = by_key.get(feature.name)
        if common is not None and common.max_num_values == common.min_num_values > 1:
            feature.value_count.min = feature.value_count.max = common.min_num_values


class SchemaImportExecutor(base_executor.BaseExecutor):
    """Writes the schema as SchemaGen does."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Parses and writes the schema.

        Raises:
            SpecError: The text is no Schema.
        """
        schema = parse_schema(exec_properties["schema_text"])
        folder = artifact_utils.get_single_uri(output_dict["schema"])
        io_utils.write_pbtxt_file(os.path.join(folder, SCHEMA_FILE), schema)
        _summary.info("%d features, curated", len(schema.feature))
