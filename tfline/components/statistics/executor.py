"""The work of StatisticsGen, SchemaGen, SchemaImporter and ExampleValidator."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.components.example_validator import executor as stock_validator
from tfx.components.schema_gen import executor as stock_schema
from tfx.components.statistics_gen import executor as stock_statistics
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils
from tfx.utils import io_utils

from tfline.components.statistics.checks import (
    Anomaly,
    expectation_anomalies,
    feature_key,
    schema_anomalies,
)
from tfline.components.statistics.config import SCHEMA_FILE, Expectation, ValidateConfig
from tfline.transforms.errors import AnomalyError, SpecError

_summary = logging.getLogger("tfline.summary")
_log = logging.getLogger(__name__)

Artifacts = dict[str, list[artifact.Artifact]]

_SHOWN = 5  # anomalies named in the error; the log has them all


class StatisticsExecutor(stock_statistics.Executor):
    """TFX's statistics, and a line about what they are of."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Gathers the statistics of every split."""
        super().Do(input_dict, output_dict, exec_properties)
        found = [stats.datasets[0] for stats in _read_statistics(output_dict).values()]
        records = sum(int(dataset.num_examples) for dataset in found)
        keys = {feature_key(feature) for dataset in found for feature in dataset.features}
        _summary.info("%d features of %s records", len(keys), f"{records:,}")


class SchemaExecutor(stock_schema.Executor):
    """TFX's inference of a schema, and a line about what was inferred."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Infers the schema from the statistics of every split."""
        super().Do(input_dict, output_dict, exec_properties)
        features = _read_schema(output_dict).feature
        limited = sum(feature.WhichOneof("domain_info") is not None for feature in features)
        _summary.info("%d features, %d with a domain", len(features), limited)


class SchemaImportExecutor(base_executor.BaseExecutor):
    """Writes the schema as SchemaGen does."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Parses and writes the schema.

        Raises:
            SpecError: The text is no Schema.
        """
        try:
            schema = text_format.Parse(exec_properties["schema_text"], schema_pb2.Schema())
        except text_format.ParseError as exc:
            raise SpecError(
                f"The curated schema is not a valid text proto: {exc}",
                hint="`tfline schema-review` writes one to start from.",
            ) from exc
        folder = artifact_utils.get_single_uri(output_dict["schema"])
        io_utils.write_pbtxt_file(os.path.join(folder, SCHEMA_FILE), schema)
        _summary.info("%d features, curated", len(schema.feature))


class ValidateExecutor(stock_validator.Executor):
    """TFX's validation, then the spec's expectations; the worst of both decides."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> Any:
        """Validates every split.

        Returns:
            The stock executor's output: the anomalies by split.

        Raises:
            AnomalyError: An anomaly is at least as severe as the spec tolerates.
        """
        output = super().Do(input_dict, output_dict, {})
        content = json.loads(exec_properties["config"])
        config = ValidateConfig.model_validate(content["validation"])
        expectations = [Expectation.model_validate(item) for item in content["expectations"]]
        anomalies = self._find(input_dict, expectations, config)
        for anomaly in anomalies:
            _log.warning("%s", anomaly)
        stopping = [anomaly for anomaly in anomalies if anomaly.stops(config.stop)]
        if stopping:
            raise _error(stopping)
        _summary.info("%s", f"{len(anomalies)} warnings" if anomalies else "no anomalies")
        return output

    def _find(
        self, inputs: Artifacts, expectations: list[Expectation], config: ValidateConfig
    ) -> list[Anomaly]:
        """Returns the anomalies of all splits, the most severe first."""
        schema = _read_schema(inputs)
        found: list[Anomaly] = []
        for split, stats in _read_statistics(inputs).items():
            found += expectation_anomalies(split, stats.datasets[0], expectations, config.allow)
            found += schema_anomalies(split, tfdv.validate_statistics(stats, schema))
        return sorted(found, key=lambda anomaly: anomaly.severity != "error")


def _read_schema(artifacts: Artifacts) -> schema_pb2.Schema:
    folder = artifact_utils.get_single_uri(artifacts["schema"])
    return io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(folder))


def _read_statistics(
    artifacts: Artifacts,
) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    """Returns the statistics of each split."""
    statistics = artifact_utils.get_single_instance(artifacts["statistics"])
    return {
        split: stats_artifact_utils.load_statistics(statistics, split).proto()
        for split in artifact_utils.decode_split_names(statistics.split_names)
    }


def _error(anomalies: list[Anomaly]) -> AnomalyError:
    """Returns the error that names the first anomalies and counts the others."""
    first, *others = anomalies
    lines = [str(anomaly) for anomaly in others[: _SHOWN - 1]]
    if len(anomalies) > _SHOWN:
        lines.append(f"... and {len(anomalies) - _SHOWN} more, all in the log")
    message = "\n  ".join([str(first), *lines])
    return AnomalyError(
        message,
        hint=first.hint
        or "Mend the data, curate the schema (`tfline schema-review`), or set `validation.stop`.",
    )
