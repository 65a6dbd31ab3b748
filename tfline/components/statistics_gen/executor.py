"""The work of StatisticsGen."""

from __future__ import annotations

import logging
import os
from typing import Any

import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen import executor
from tfx.components.util import tfxio_utils
from tfx.types import artifact, artifact_utils

from tfline.components.artifacts.statistics import feature_key, read_statistics
from tfline.components.progress import counted

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]


class StatisticsExecutor(executor.Executor):
    """TFX's statistics, with a word on the way, and a line about what they are of."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Gathers the statistics of every split."""
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        statistics.split_names = examples.split_names
        statistics.span = examples.span
        with self._make_beam_pipeline() as pipeline:
            for split in artifact_utils.decode_split_names(examples.split_names):
                source = tfxio_utils.get_split_tfxio(
                    examples=[examples], split=split, telemetry_descriptors=["StatisticsGen"]
                )
                file = os.path.join(
                    artifact_utils.get_split_uri([statistics], split), executor.DEFAULT_FILE_NAME
                )
                _ = (
                    pipeline
                    | f"Read[{split}]" >> source.BeamSource()
                    | counted(split, examples.get_int_custom_property(f"records_{split}"))
                    | f"Gather[{split}]" >> tfdv.GenerateStatistics(tfdv.StatsOptions())
                    | f"Write[{split}]" >> tfdv.WriteStatisticsToBinaryFile(file)
                )
        found = [stats.datasets[0] for stats in read_statistics(statistics).values()]
        records = sum(int(dataset.num_examples) for dataset in found)
        keys = {feature_key(feature) for dataset in found for feature in dataset.features}
        _summary.info("%d features of %s records", len(keys), f"{records:,}")
