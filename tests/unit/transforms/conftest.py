"""TensorFlow Transform on a handful of values, as Transform runs it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from tfx_bsl.tfxio.tf_example_record import TFExampleBeamRecord

from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.components.transform.preprocessing import preprocessing_fn
from tfline.transforms.features import FeatureSpec, Step
from tfline.transforms.taken import taken

Link = str | tuple[str, dict[str, Any]]

Columns = Mapping[str, Sequence[Value]]
"""Raw feature to its values, one a record; None for a missing one, a list for several."""


class Graph:
    """A transform graph.

    Args:
        folder: What TensorFlow Transform wrote.
    """

    def __init__(self, folder: Path) -> None:
        output = tft.TFTransformOutput(str(folder))
        self._spec = output.raw_feature_spec()
        self._layer = output.transform_features_layer()

    def __call__(self, columns: Columns) -> dict[str, np.ndarray]:
        """Applies the graph to tf.Examples with these values; other raw features are missing."""
        tensors = self._layer(tf.io.parse_example(encode_records(columns), self._spec))
        return {
            name: (tf.sparse.to_dense(x) if isinstance(x, tf.SparseTensor) else x).numpy()
            for name, x in tensors.items()
        }


Analyze = Callable[[Columns, Sequence[FeatureSpec]], Graph]


@pytest.fixture(scope="session")
def analyze(tmp_path_factory: pytest.TempPathFactory) -> Analyze:
    """Analyzes raw features for a list of feature specs, in one pass."""

    def run(columns: Columns, features: Sequence[FeatureSpec]) -> Graph:
        folder = tmp_path_factory.mktemp("transform")
        spec = {name: tf.io.VarLenFeature(raw_dtype(values)) for name, values in columns.items()}
        spec["label"] = tf.io.VarLenFeature(tf.float32)
        metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
        config = {
            "features": [feature.model_dump(mode="json") for feature in features],
            "label": {"key": "label", "task": "regression"},
            "value_counts": widths(columns, features),
        }
        source = TFExampleBeamRecord(
            physical_format="inmem", telemetry_descriptors=["test"], schema=metadata.schema
        )
        with (
            beam.Pipeline(options=PipelineOptions([])) as pipeline,
            tft_beam.Context(temp_dir=str(folder / "scratch")),
        ):
            batches = pipeline | beam.Create(encode_records(columns)) | source.BeamSource()
            dataset = (batches, source.TensorAdapterConfig())
            transform_fn = dataset | tft_beam.AnalyzeDataset(
                functools.partial(preprocessing_fn, custom_config=config)
            )
            transform_fn | tft_beam.WriteTransformFn(str(folder))
            metadata | tft_beam.WriteMetadata(str(folder / "metadata"), pipeline)
        return Graph(folder)

    return run


def widths(columns: Columns, features: Sequence[FeatureSpec]) -> dict[str, tuple[int, int]]:
    """Returns how many values each record has of the raw features that are vectors."""
    keys = [key for feature in features if taken(feature) == "vector" for key in feature.keys]
    lengths = {
        key: {len(value) for value in columns[key] if isinstance(value, list)} for key in keys
    }
    return {key: (*found, *found) for key, found in lengths.items() if len(found) == 1}


def encode_records(columns: Columns) -> list[bytes]:
    """Returns serialized tf.Examples; what a shorter column lacks is missing.

    Without any column there is one empty record.
    """
    rows = itertools.zip_longest(*columns.values())
    records = [encode_example(dict(zip(columns, row, strict=True))) for row in rows]
    return records or [encode_example({})]


@pytest.fixture(scope="session")
def feature() -> Callable[..., FeatureSpec]:
    """Makes a feature spec of a name, a chain and raw features."""

    def make(name: str, steps: Sequence[Link], keys: Sequence[str] = ()) -> FeatureSpec:
        links = [(step, {}) if isinstance(step, str) else step for step in steps]
        chain = tuple(Step(transform=transform, arguments=args) for transform, args in links)
        return FeatureSpec(name=name, keys=tuple(keys) or (name,), steps=chain)

    return make


def raw_dtype(values: Sequence[Value]) -> tf.DType:
    """Returns the type of the raw feature that holds `values`."""
    flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
    known = next((value for value in flat if value is not None), 0.0)
    return {float: tf.float32, int: tf.int64}.get(type(known), tf.string)
