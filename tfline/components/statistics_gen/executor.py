"""The work of StatisticsGen."""

from __future__ import annotations

import logging
from typing import Any

from tfx.components.statistics_gen import executor
from tfx.types import artifact, artifact_utils

from tfline.components.artifacts.statistics import feature_key, read_statistics

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]


class StatisticsExecutor(executor.Executor):
    """TFX's statistics, and a line about what they are of."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Gathers the statistics of every split."""
        super().Do(input_dict, output_dict, exec_properties)
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        found = [stats.datasets[0] for stats in read_statistics(statistics).values()]
        records = sum(int(dataset.num_examples) for dataset in found)
        keys = {feature_key(feature) for dataset in found for feature in dataset.features}
        _summary.info("%d features of %s records", len(keys), f"{records:,}")
