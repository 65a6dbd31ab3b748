"""The work of ExampleValidator."""

from __future__ import annotations

import json
import logging
from typing import Any

import tensorflow_data_validation as tfdv
from tfx.components.example_validator import executor as stock_validator
from tfx.types import artifact, artifact_utils

from tfline.components.artifacts.schema import read_schema
from tfline.components.artifacts.statistics import read_statistics
from tfline.components.example_validator.checks import (
    Anomaly,
    expectation_anomalies,
    schema_anomalies,
)
from tfline.components.example_validator.config import Expectation, ValidateConfig
from tfline.transforms.errors import AnomalyError

_summary = logging.getLogger("tfline.summary")
_log = logging.getLogger(__name__)

Artifacts = dict[str, list[artifact.Artifact]]

_SHOWN = 5  # anomalies named in the error; the log has them all


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
        schema = read_schema(artifact_utils.get_single_uri(inputs["schema"]))
        statistics = artifact_utils.get_single_instance(inputs["statistics"])
        found: list[Anomaly] = []
        for split, stats in read_statistics(statistics).items():
            found += expectation_anomalies(split, stats.datasets[0], expectations, config.allow)
            found += schema_anomalies(split, tfdv.validate_statistics(stats, schema))
        return sorted(found, key=lambda anomaly: anomaly.severity != "error")


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
