"""The work of StatisticsGen."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator
from typing import Any

import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen import executor
from tfx.components.util import tfxio_utils
from tfx.types import artifact, artifact_utils

from tfline.components.artifacts.statistics import QUANTILES, feature_key, read_statistics
from tfline.components.beam_executor import BeamExecutor
from tfline.components.progress import counted
from tfline.components.statistics_gen.integer_counts import IntegerCounts
from tfline.transforms.errors import DataError

_summary = logging.getLogger("tfline.summary")

_MIXED = re.compile(r'expected (\w+_list), found (\w+_list) for feature "(.*?)"')

_TYPES = {"int64_list": "integers", "float_list": "floats", "bytes_list": "texts"}

Artifacts = dict[str, list[artifact.Artifact]]


class StatisticsExecutor(BeamExecutor):
    """TFX's statistics, with a word on the way, and a line about what they are of.

    The files are those of TFX's own executor.
    """

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Gathers the statistics of every split.

        Raises:
            DataError: A feature has different types in different records.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        statistics.split_names = examples.split_names
        statistics.span = examples.span
        options = statistics_options()
        with named_types(), self._make_beam_pipeline() as pipeline:
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
                    | f"Gather[{split}]" >> tfdv.GenerateStatistics(options)
                    | f"Write[{split}]" >> tfdv.WriteStatisticsToBinaryFile(file)
                )
        found = [stats.datasets[0] for stats in read_statistics(statistics).values()]
        records = sum(int(dataset.num_examples) for dataset in found)
        keys = {feature_key(feature) for dataset in found for feature in dataset.features}
        _summary.info("%d features of %s records", len(keys), f"{records:,}")


def statistics_options() -> tfdv.StatsOptions:
    """Returns what is gathered beside TensorFlow Data Validation's usual statistics."""
    return tfdv.StatsOptions(
        generators=[IntegerCounts()], num_quantiles_histogram_buckets=QUANTILES
    )


@contextlib.contextmanager
def named_types() -> Iterator[None]:
    """Says in words that a feature has different types: the decoder raises what looks inside.

    Raises:
        DataError: It does.
    """
    try:
        yield
    except RuntimeError as exc:
        found = _MIXED.search(str(exc))
        if found is None:
            raise
        first, other, feature = found.groups()
        raise DataError(
            f"The feature '{feature}' holds {_TYPES[other]} in some records and {_TYPES[first]} in "
            "others",
            hint="Write it with one type in all records: `tfline data show FILE --stats` shows "
            "which files have which.",
        ) from exc
