"""The work of Transform: classes, analysis in Beam, the graph and its description."""

from __future__ import annotations

import functools
import json
import logging
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from tfx.types import artifact, artifact_utils
from tfx.utils import io_utils
from tfx_bsl.public import tfxio

from tfline.components.artifacts.schema import read_schema, value_counts
from tfline.components.beam_executor import BeamExecutor
from tfline.components.progress import counted
from tfline.components.transform.classes import LabelColumn
from tfline.components.transform.leaks import find_leaks
from tfline.components.transform.materialize import count_records, is_worthwhile, materialize
from tfline.components.transform.metadata import (
    describe_features,
    describe_target,
    transform_empty,
    write_metadata,
)
from tfline.components.transform.preprocessing import preprocessing_fn
from tfline.components.transform.vocabulary import prompt_feature
from tfline.tasks.table import TASKS, find_task, known_task, label_keys
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import FeatureSpec, LabelSpec
from tfline.transforms.taken import check_counts

_summary = logging.getLogger("tfline.summary")
_warning = logging.getLogger("tfline.warning")

Artifacts = dict[str, list[artifact.Artifact]]

_DTYPES = {
    schema_pb2.INT: tf.int64,
    schema_pb2.FLOAT: tf.float32,
    schema_pb2.BYTES: tf.string,
}


class Executor(BeamExecutor):
    """Analyses the train split with TensorFlow Transform and writes the transform graph."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Runs the analysis.

        Raises:
            AnomalyError: A feature of the spec is not in the schema, or the label cannot be used.
        """
        config = json.loads(exec_properties["config"])
        features = [FeatureSpec.model_validate(item) for item in config["features"]]
        label = LabelSpec.model_validate(config["label"])
        schema = read_schema(artifact_utils.get_single_uri(input_dict["schema"]))
        weight = config.get("weight")
        keys = [*label_keys(label), *(key for feature in features for key in feature.keys)]
        raw = raw_dtypes(schema, keys if weight is None else [*keys, weight])
        if label.series is not None:
            raw_dtypes(schema, [label.series])  # is there, but no input of a model
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        files = split_files(examples)
        records = examples.get_int_custom_property("records_train")

        label, values = settle_label(label, raw, files)
        task = find_task(str(label.task))
        if task.writes:
            features = features or [prompt_feature(label, values)]
        declared = {key: count for key, count in value_counts(schema).items() if key in raw}
        counts = check_counts(features, task.takes(label), weight, declared)

        for leak in find_leaks(files["train"], records, raw, features, label):
            _warning.info(leak)

        folder = artifact_utils.get_single_uri(output_dict["transform_graph"])
        custom_config = {
            "features": [feature.model_dump(mode="json") for feature in features],
            "label": label.model_dump(mode="json"),
            "class_values": values,
            "weight": weight,
            "value_counts": declared,
        }
        self._analyze(files["train"], raw, custom_config, folder, records)

        names = list(label.classes or map(str, values))
        known = {
            "classes": names,
            "class_values": values,
            "raw": {key: dtype.name for key, dtype in raw.items()},
            "weight": weight,
            "value_counts": counts,
        }
        described = _describe(folder, features, label, known)
        width = sum(math.prod(item["shape"]) for item in described)
        count = f"{len(described)} feature" + "s" * (len(described) != 1)
        text = f"{count}, {width:,} columns, {task.describe(names)}"
        choice = config.get("materialize", "auto")
        if is_worthwhile(choice, *count_records(files["train"]), described):
            materialize(folder, files, described)
            text += ", transformed examples written"
        _summary.info(text)

    def _analyze(
        self,
        train_files: list[str],
        raw: dict[str, tf.DType],
        custom_config: dict[str, Any],
        folder: str,
        records: int,
    ) -> None:
        """Writes transform_fn, transformed_metadata and the raw metadata into `folder`."""
        feature_spec = {key: tf.io.VarLenFeature(dtype) for key, dtype in raw.items()}
        schema = schema_utils.schema_from_feature_spec(feature_spec)
        traced = functools.partial(preprocessing_fn, custom_config=custom_config)
        type_specs = {k: tf.SparseTensorSpec([None, None], dtype) for k, dtype in raw.items()}
        needed = tft.get_analyze_input_columns(traced, type_specs)
        source = tfxio.TFExampleRecord(
            file_pattern=train_files if needed else train_files[:1],  # a source needs one
            schema=schema,
            telemetry_descriptors=["tfline", "Transform"],
        )
        scratch = os.path.join(folder, ".analysis")
        with self._make_beam_pipeline() as pipeline, tft_beam.Context(scratch):
            batches = pipeline | "ReadTrain" >> source.BeamSource() | counted("train", records)
            transform_fn = (batches, source.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(traced)
            transform_fn | "WriteTransformFn" >> tft_beam.WriteTransformFn(folder)
            raw_metadata = dataset_metadata.DatasetMetadata(schema)
            raw_folder = os.path.join(folder, tft.TFTransformOutput.RAW_METADATA_DIR)
            raw_metadata | "WriteRaw" >> tft_beam.WriteMetadata(raw_folder, pipeline)
        tf.io.gfile.rmtree(scratch)


def _describe(
    folder: str, features: Sequence[FeatureSpec], label: LabelSpec, known: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Writes ``tfline.json`` beside the graph, and returns what it says of the features.

    Args:
        folder: Of the transform graph, which is written.
        features: Those of the model.
        label: What is predicted.
        known: What is known without the graph: classes, raw features, weight and counts.
    """
    output = tft.TFTransformOutput(folder)
    tensors = transform_empty(output)
    described = describe_features(output, tensors, features)
    of_label = {
        "task": label.task,
        "label": label.key,
        "label_keys": list(find_task(str(label.task)).keys(label)),
        "size": label.size,
        "steps": label.steps,
        "series": label.series,
        "shape": label.shape,
        "separator": label.separator,
        "target": describe_target(tensors, label),
    }
    write_metadata(folder, {**of_label, **known, "features": described})
    return described


def settle_label(
    label: LabelSpec, raw: Mapping[str, tf.DType], files: Mapping[str, Sequence[str]]
) -> tuple[LabelSpec, list[int | str]]:
    """Returns the label with what only the data tells, and the raw label of each of its classes.

    Args:
        label: As the spec has it.
        raw: The type of each raw feature.
        files: TFRecord files of each split.

    Raises:
        AnomalyError: The label cannot be used.
    """
    data = LabelColumn(raw[label_keys(label)[0]], files)
    known = known_task(label) or (TASKS["regression"] if data.is_number(label) else None)
    if known is None:
        label, values = data.classes(label)
        known = TASKS["binary" if len(values) == 2 else "multiclass"]
    else:
        label, values = known.settle(label, data)
    return label.model_copy(update={"task": known.name}), values


def raw_dtypes(schema: schema_pb2.Schema, keys: list[str]) -> dict[str, tf.DType]:
    """Returns the type of each raw feature.

    Raises:
        AnomalyError: The schema lacks one of `keys`.
    """
    types = {feature.name: feature.type for feature in schema.feature}
    missing = [key for key in keys if key not in types]
    if missing:
        raise AnomalyError(
            f"The schema has no feature '{missing[0]}'",
            hint=f"It has: {', '.join(sorted(types))}.",
        )
    return {key: _DTYPES[types[key]] for key in dict.fromkeys(keys)}


def split_files(examples: artifact.Artifact) -> dict[str, list[str]]:
    """Returns the TFRecord files of each split of an Examples artifact."""
    return {
        split: sorted(
            tf.io.gfile.glob(
                io_utils.all_files_pattern(artifact_utils.get_split_uri([examples], split))
            )
        )
        for split in artifact_utils.decode_split_names(examples.split_names)
    }
