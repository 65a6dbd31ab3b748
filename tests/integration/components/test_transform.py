"""Transform for every pipeline of the catalog: the same values wherever its graph is applied."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils
from tfx_bsl.tfxio.tf_example_record import TFExampleBeamRecord

from tfline.components.example_gen.example_proto import encode_example
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.signatures import ServingModel
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.components.transform.executor import Executor, raw_dtypes
from tfline.pipelines.spec import CATALOG, PipelineSpec, load_spec
from tfline.pipelines.spec.feature_forms import expand_features
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.kinds import kinds_of
from tfline.transforms.table import resolve

ROWS = 60


class Case(NamedTuple):
    """A pipeline of the catalog, and what Transform made of some rows.

    Attributes:
        sparse: Its features that are sparse vectors in Beam.
        schema: The types of the raw features.
        examples: Serialized tf.Examples.
        graph: The TransformGraph artifact.
    """

    sparse: set[str]
    schema: schema_pb2.Schema
    examples: list[bytes]
    graph: str


def make_column(spec: PipelineSpec, key: str, rng: np.random.Generator) -> list[Any]:
    """Returns values of a type that the first transform of a raw feature takes."""
    if key == spec.label.key:
        classes = len(spec.label.classes or range(10))
        if spec.label.task == "regression":
            return rng.normal(size=ROWS).tolist()
        if spec.label.task == "forecast":
            return rng.normal(size=(ROWS, spec.label.horizon)).tolist()
        return [number % classes for number in range(ROWS)]
    [feature, *_] = [feature for feature in spec.features if key in feature.keys]
    first = feature.steps[0]
    [expected] = [e.kind for e in spec.expectations if e.key == key and e.role == "feature"][:1]
    if "shape" in first.arguments:
        size = int(np.prod(first.arguments["shape"]))
        return [rng.bytes(size) for _ in range(ROWS)]
    if kinds_of(resolve(first.transform)).takes == "Series":
        return [rng.uniform(1, 100, steps).tolist() for steps in rng.integers(1, 99, ROWS)]
    if expected == "number":
        return rng.uniform(1, 100, ROWS).tolist()
    return [f"value {number}" for number in rng.integers(0, 5, ROWS)]


def make_examples(spec: PipelineSpec) -> tuple[schema_pb2.Schema, list[bytes]]:
    """Returns rows of a pipeline's raw features, every tenth value missing, and their schema."""
    rng = np.random.default_rng(5)
    keys = [spec.label.key, *dict.fromkeys(k for f in spec.features for k in f.keys)]
    columns = {key: make_column(spec, key, rng) for key in keys}
    schema = schema_pb2.Schema()
    kinds = {float: schema_pb2.FLOAT, int: schema_pb2.INT}
    for key, values in columns.items():
        first = values[0][0] if isinstance(values[0], list) else values[0]
        schema.feature.add(name=key, type=kinds.get(type(first), schema_pb2.BYTES))
        if key != spec.label.key:
            columns[key] = [None if rng.random() < 0.1 else value for value in values]
    rows = zip(*columns.values(), strict=True)
    return schema, [encode_example(dict(zip(columns, row, strict=True))) for row in rows]


PIPELINES = [
    pytest.param(path.stem, marks=[] if path.stem in ("taxi", "reviews") else pytest.mark.whole)
    for path in sorted(CATALOG.glob("*.yaml"))
]
"""Of tables and of texts; the others with the whole pipelines."""


@pytest.fixture(scope="module", params=PIPELINES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Runs Transform for a pipeline of the catalog."""
    folder = tmp_path_factory.mktemp(request.param)
    spec = load_spec(request.param)
    schema, records = make_examples(spec)
    graph = run_transform(folder, schema, records, spec.features, spec.label)
    sparse = {feature.name for feature in spec.features if is_sparse(feature)}
    return Case(sparse, schema, records, graph)


def is_sparse(feature: FeatureSpec) -> bool:
    """Tells whether a feature is as wide as the analysis finds."""
    last = feature.steps[-1]
    if last.transform == "token_ids":
        return "length" not in last.arguments
    return last.transform in ("one_hot", "tf_idf")


def run_transform(
    folder: Path,
    schema: schema_pb2.Schema,
    records: list[bytes],
    features: Sequence[FeatureSpec],
    label: LabelSpec,
) -> str:
    """Runs Transform's executor on two equal splits; returns the TransformGraph artifact."""
    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    examples.split_names = artifact_utils.encode_split_names(["train", "eval"])
    for split in ("train", "eval"):
        path = folder / "examples" / f"Split-{split}" / "data_tfrecord-00000-of-00001"
        path.parent.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
    inferred = standard_artifacts.Schema()
    inferred.uri = str(folder / "schema")
    io_utils.write_pbtxt_file(str(folder / "schema" / "schema.pbtxt"), schema)
    graph = standard_artifacts.TransformGraph()
    graph.uri = str(folder / "graph")
    config = {
        "features": [feature.model_dump(mode="json") for feature in features],
        "label": label.model_dump(mode="json"),
    }
    Executor().Do(
        {"examples": [examples], "schema": [inferred]},
        {"transform_graph": [graph]},
        {"config": json.dumps(config)},
    )
    return str(graph.uri)


def by_beam(case: Case, folder: Path) -> dict[str, list[Any]]:
    """Applies the graph in Beam; of a sparse vector there are its columns and their values."""
    names = [feature.name for feature in case.schema.feature]
    spec = {key: tf.io.VarLenFeature(d) for key, d in raw_dtypes(case.schema, names).items()}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    source = TFExampleBeamRecord("inmem", telemetry_descriptors=["test"], schema=metadata.schema)
    with (
        beam.Pipeline(options=PipelineOptions([])) as pipeline,
        tft_beam.Context(str(folder / "scratch")),
    ):
        dataset = pipeline | beam.Create(case.examples, reshuffle=False) | source.BeamSource()
        transform_fn = pipeline | tft_beam.ReadTransformFn(case.graph)
        inputs = ((dataset, source.TensorAdapterConfig()), transform_fn)
        rows, _ = inputs | tft_beam.TransformDataset()
        _ = rows | beam.combiners.ToList() | beam.Map(_keep, str(folder / "rows.json"))
    found = json.loads((folder / "rows.json").read_text())
    return {name: [row[name] for row in found] for name in found[0]}


def _keep(rows: list[dict[str, Any]], path: str) -> None:
    plain = [
        {name: np.asarray(value).tolist() for name, value in row.items() if "$" not in name}
        | _cells(row)
        for row in rows
    ]
    Path(path).write_text(json.dumps(plain, default=bytes.decode))


def _cells(row: dict[str, Any]) -> dict[str, list[list[float]]]:
    """Returns the columns of each sparse feature, and the values in them."""
    ends = "$sparse_indices_0"
    names = [name.removesuffix(ends) for name in row if name.endswith(ends)]
    return {
        name: [np.asarray(row[name + part]).tolist() for part in (ends, "$sparse_values")]
        for name in names
    }


def make_model(graph: TransformGraph) -> keras.Model:
    """Returns a small model of any features."""
    if graph.head.task == "text":
        goes_on = graph.metadata.label_keys == graph.metadata.features[0].keys
        name = "char_rnn" if goes_on else "seq2seq"
        return build_model(name, {"units": 4}, graph.features, graph.head)
    inputs = {
        feature.name: keras.Input(feature.shape, dtype=feature.dtype, name=feature.name)
        for feature in graph.features
    }
    flat = [
        keras.layers.Flatten()(keras.ops.expand_dims(keras.ops.cast(x, "float32"), -1))
        for x in inputs.values()
    ]
    joined = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    return keras.Model(inputs, keras.layers.Dense(graph.head.units)(joined))


def by_serving(case: Case, folder: Path) -> dict[str, np.ndarray]:
    """Exports a model and applies its signature ``transform_features``."""
    graph = TransformGraph(case.graph)
    serving = ServingModel(make_model(graph), graph, graph.head)
    tf.saved_model.save(serving, str(folder / "model"), signatures=serving.signatures())
    signature = tf.saved_model.load(str(folder / "model")).signatures["transform_features"]
    return {name: x.numpy() for name, x in signature(tf.constant(case.examples)).items()}


def test_metadata_tell_the_shape_and_depth_of_what_is_known_after_the_analysis(
    tmp_path: Path,
) -> None:
    texts = ["a b c", "a", "b a", "d d d d"] * 5
    records = [encode_example({"text": text, "y": number / 2}) for number, text in enumerate(texts)]
    schema = schema_pb2.Schema()
    schema.feature.add(name="text", type=schema_pb2.BYTES)
    schema.feature.add(name="y", type=schema_pb2.FLOAT)
    features = expand_features(
        {
            "ids": {"key": "text", "transform": {"text_vectorization": {"embedding": 3}}},
            "bag": {"key": "text", "transform": "bag_of_words"},
        }
    )
    folder = run_transform(tmp_path, schema, records, features, LabelSpec(key="y"))
    ids, bag = TransformGraph(folder).features
    assert (ids.kind, ids.shape, ids.depth, ids.embedding) == ("index", (4,), 6, 3)
    assert (bag.kind, bag.shape, bag.depth, bag.embedding) == ("numeric", (4,), None, None)


def test_record_of_another_length_is_an_error_in_training_and_in_the_served_model(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(2)
    rows = [{"load": [1.0, 2.0, 3.0], "v": rng.random(2).tolist(), "y": 0.5} for _ in range(20)]
    schema = schema_pb2.Schema()
    for name, width in {"load": 3, "v": 2, "y": 1}.items():
        feature = schema.feature.add(name=name, type=schema_pb2.FLOAT)
        feature.value_count.min = feature.value_count.max = width
    features = expand_features({"z_score": ["v"], "load": {"transform": {"window": {"length": 3}}}})
    records = [encode_example(row) for row in rows]
    graph = TransformGraph(run_transform(tmp_path, schema, records, features, LabelSpec(key="y")))
    assert {feature.name: feature.shape for feature in graph.features} == {"v": (2,), "load": (3,)}
    serving = ServingModel(make_model(graph), graph, graph.head)
    tf.saved_model.save(serving, str(tmp_path / "model"), signatures=serving.signatures())
    served = tf.saved_model.load(str(tmp_path / "model")).signatures
    assert [
        x.shape.as_list() for x in served["columns"].structured_input_signature[1].values()
    ] in (
        [[None, 2], [None, 3]],
        [[None, 3], [None, 2]],
    )
    for key, values in {"load": [1.0, 2.0], "v": [1.0, 2.0, 3.0]}.items():
        wrong = tf.constant([records[0], encode_example({**rows[0], key: values})])
        for apply in (graph.labelled, served["serving_default"]):
            with pytest.raises(tf.errors.InvalidArgumentError, match=f"feature `{key}` has a"):
                apply(wrong)
    missing = tf.constant([encode_example({"y": 1.0}), records[0]])
    assert np.isfinite(served["serving_default"](missing)["prediction"].numpy()).all()


def test_values_are_the_same_in_beam_in_tf_data_and_served(case: Case, tmp_path: Path) -> None:
    graph = TransformGraph(case.graph)
    records = tf.data.Dataset.from_tensor_slices(case.examples).batch(ROWS)
    features, *_ = records.map(graph.labelled).get_single_element()
    label = records.map(graph.label).get_single_element()
    in_beam = by_beam(case, tmp_path)
    served = by_serving(case, tmp_path)
    assert set(served) == {feature.name for feature in graph.features}
    assert set(features) - set(served) <= {graph.head.teacher}
    np.testing.assert_array_equal(in_beam[graph.metadata.label], label.numpy())
    for feature in graph.features:
        trained_on = features[feature.name].numpy()
        assert trained_on.shape == (ROWS, *feature.shape)
        assert np.isfinite(trained_on).all()
        np.testing.assert_allclose(served[feature.name], trained_on, rtol=1e-6, atol=1e-6)
        if feature.name in case.sparse:
            for (columns, values), row in zip(in_beam[feature.name], trained_on, strict=True):
                assert columns == np.flatnonzero(row).tolist()
                np.testing.assert_allclose(values, row[columns], rtol=1e-6)
        else:
            # A logarithm is rounded differently where it is the last of a batch.
            np.testing.assert_allclose(in_beam[feature.name], trained_on, rtol=1e-6, atol=1e-6)
