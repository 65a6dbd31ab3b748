"""The work of ExampleValidator."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import (
    DatasetFeatureStatisticsList as Statistics,
)
from tfx.components.example_validator import executor as stock_validator
from tfx.components.example_validator import labels
from tfx.types import artifact, artifact_utils
from tfx.utils import writer_utils

from tfline.components.artifacts.splits import judged_split, split_files
from tfline.components.artifacts.statistics import read_statistics
from tfline.components.example_validator.anomaly import Anomaly, write_anomalies
from tfline.components.example_validator.checks import expectation_anomalies, schema_anomalies
from tfline.components.example_validator.compare import Reference, compare
from tfline.components.example_validator.config import Content, HeldAgainst
from tfline.components.example_validator.slices import slice_anomalies
from tfline.transforms.errors import AnomalyError

SCHEMA_DIFF_FILE = stock_validator.DEFAULT_FILE_NAME
"""TFDV's anomalies of a split."""

_summary = logging.getLogger("tfline.summary")
_warning = logging.getLogger("tfline.warning")
_log = logging.getLogger(__name__)

Artifacts = dict[str, list[artifact.Artifact]]

_SHOWN = 5  # anomalies named in the error; the log has them all


class ValidateExecutor(stock_validator.Executor):
    """TFX's validation, what the spec expects, and what the data is held against."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> Any:
        """Validates every split.

        Returns:
            The stock executor's output: the anomalies by split.

        Raises:
            AnomalyError: An anomaly is at least as severe as the spec tolerates.
        """
        content = Content.model_validate_json(exec_properties["config"])
        self._schema_is_inferred = content.inferred
        self._used = {expected.key for expected in content.expectations}
        self._previous = _read_previous(content.reference)
        output = super().Do(input_dict, output_dict, {})
        anomalies = self._find(input_dict, output_dict, content)
        write_anomalies(artifact_utils.get_single_uri(output_dict["anomalies"]), anomalies)
        for anomaly in anomalies:
            _log.warning("%s", anomaly)
        stopping = [anomaly for anomaly in anomalies if anomaly.stops(content.validation.stop)]
        if stopping:
            raise _error(stopping)
        count = f"{len(anomalies)} warning{'' if len(anomalies) == 1 else 's'}"
        _summary.info("%s", count if anomalies else "no anomalies")
        for anomaly in anomalies[:_SHOWN]:
            _warning.info("%s", anomaly)
        if len(anomalies) > _SHOWN:
            _warning.info("... and %d more, all in the log", len(anomalies) - _SHOWN)
        return output

    def _Validate(  # noqa: N802 - TFX's name
        self, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> anomalies_pb2.Anomalies:
        """Validates a split against the schema, and against the last blessed run's."""
        schema, statistics = inputs["schema"], inputs["statistics"]
        folder = outputs[labels.SCHEMA_DIFF_PATH]
        split = os.path.basename(os.path.normpath(folder)).removeprefix("Split-")
        if self._schema_is_inferred:
            schema = loosened(schema, self._used)
        found = tfdv.validate_statistics(
            statistics, schema, previous_statistics=self._previous.get(split)
        )
        if self._schema_is_inferred:
            for key in set(found.anomaly_info) - self._used:
                del found.anomaly_info[key]
        writer_utils.write_anomalies(os.path.join(folder, SCHEMA_DIFF_FILE), found)
        return found

    def _find(self, inputs: Artifacts, outputs: Artifacts, content: Content) -> list[Anomaly]:
        """Returns the anomalies of all splits, the most severe first."""
        expectations, config = content.expectations, content.validation
        statistics = read_statistics(artifact_utils.get_single_instance(inputs["statistics"]))
        written = artifact_utils.get_single_uri(outputs["anomalies"])
        found: list[Anomaly] = []
        for split, stats in statistics.items():
            found += expectation_anomalies(split, stats.datasets[0], expectations, config.allow)
            found += schema_anomalies(split, _read_anomalies(written, split))
            if split != "train" and "train" in statistics:
                train = Reference("the train split", statistics["train"])
                found += compare(split, stats, train, expectations, config)
        if content.reference is not None and {"train"} <= self._previous.keys() & statistics.keys():
            before = Reference(f"run {content.reference.run}", self._previous["train"])
            found += compare("train", statistics["train"], before, expectations, config)
        if content.slicing.slices and "slices" not in config.allow:
            split = judged_split(inputs["examples"])
            files = split_files(inputs["examples"], split)
            found += slice_anomalies(split, files, statistics[split].datasets[0], content.slicing)
        return sorted(found, key=lambda anomaly: anomaly.severity != "error")


def loosened(schema: schema_pb2.Schema, used: Collection[str]) -> schema_pb2.Schema:
    """Returns an inferred schema without what only happens to be so in the train split.

    That no value is missing, and which values there are, is held against the other splits by
    share: see `tfline.components.example_validator.compare`.

    Args:
        schema: As it was inferred.
        used: The raw features that the spec names; the others are left out.
    """
    loose = schema_pb2.Schema()
    loose.CopyFrom(schema)
    del loose.feature[:]
    for feature in schema.feature:
        if feature.name in used:
            kept = loose.feature.add()
            kept.CopyFrom(feature)
            kept.ClearField("presence")
            if domain := kept.WhichOneof("domain_info"):
                kept.ClearField(domain)
    return loose


def _read_previous(reference: HeldAgainst | None) -> dict[str, Statistics]:
    """Returns the statistics of an earlier run by split; empty if there is none."""
    if reference is None:
        return {}
    return {
        path.parent.name.removeprefix("Split-"): Statistics.FromString(path.read_bytes())
        for path in sorted(Path(reference.statistics).glob("Split-*/FeatureStats.pb"))
    }


def _read_anomalies(folder: str, split: str) -> anomalies_pb2.Anomalies:
    path = Path(folder) / f"Split-{split}" / SCHEMA_DIFF_FILE
    return anomalies_pb2.Anomalies.FromString(path.read_bytes())


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
