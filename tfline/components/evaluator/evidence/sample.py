"""Looks at a sample of the eval records more closely than a metric does.

The evaluation proper is a pass over all records that keeps sums only. Curves, worst mistakes and
importances need single records: a bounded number of them is read and predicted once more.
"""

from __future__ import annotations

import io
import itertools
import math
import os
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tfx.dsl.io import fileio

from tfline.components.artifacts.splits import compression
from tfline.components.evaluator.config import EvaluateConfig
from tfline.components.evaluator.evidence.associations import RECORDS as ASSOCIATED
from tfline.components.evaluator.evidence.associations import associate
from tfline.components.evaluator.evidence.evidence_file import FILE_NAME, SAMPLE_FILE, Evidence
from tfline.components.evaluator.evidence.importance import permutation_importance
from tfline.components.evaluator.evidence.mistakes import worst_mistakes
from tfline.components.evaluator.reading.blocks import labelled, read_blocks
from tfline.components.evaluator.reading.counting import Counting
from tfline.components.evaluator.reading.model import ModelCard, Predictor, Reasons
from tfline.metrics.arrays import Array, Floats
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")

_VALUES, _BYTES = 400_000, 64 << 20
"""Predicted values and bytes of the examined records at most."""


def write_evidence(
    output: str,
    files: Sequence[str],
    predictor: Predictor,
    card: ModelCard,
    config: EvaluateConfig,
    records: int,
) -> None:
    """Examines a sample of the records, and writes what it shows.

    Args:
        output: The folder to write to.
        files: TFRecord files of tf.Examples.
        predictor: The model.
        card: What it predicts.
        config: The evaluation.
        records: The number of records in all files.

    Raises:
        DataError: If a record cannot be used.
        ModelError: If the model fails.
    """
    most = min(card.asks.examined, _VALUES // max(card.size, len(card.classes)))
    numbers, sample = _sample(files, math.ceil(records / most), predictor)
    labels, predictions, weights = _evaluate(sample, card, predictor, config)
    examples = [tf.train.Example.FromString(record) for record in sample]

    def predict(serialized: Sequence[bytes]) -> Floats:
        batches = np.array_split(np.array(serialized, object), len(serialized) // 1000 + 1)
        return np.concatenate([predictor(tf.constant(batch)).numpy() for batch in batches])

    def texts(row: int) -> tuple[str, str]:
        reference, written = predictor.texts(tf.constant([sample[row]]))
        return _decoded(reference), _decoded(written)

    def explain(rows: Sequence[int]) -> Reasons:
        return predictor.explain(tf.constant([sample[row] for row in rows]))

    evidence = Evidence(
        records=len(sample),
        importances=permutation_importance(
            examples, labels, predict, card, config.threshold, weights
        ),
        associations=associate(
            _rows(examples[:ASSOCIATED], [*card.features, card.label]), card.label
        ),
        mistakes=worst_mistakes(
            examples,
            numbers,
            labels,
            predictions,
            card,
            config.threshold,
            texts if card.asks.writes else None,
            explain if predictor.explains else None,
        ),
        map=config.map,
    )
    arrays = io.BytesIO()
    columns: dict[str, Any] = {"labels": labels, "predictions": predictions}
    if weights is not None:
        columns["weights"] = weights
    if config.map is not None:
        columns["places"] = _places(examples, config.map)
    np.savez_compressed(arrays, **columns)
    with fileio.open(os.path.join(output, SAMPLE_FILE), "wb") as file:
        file.write(arrays.getvalue())
    with fileio.open(os.path.join(output, FILE_NAME), "w") as file:
        file.write(evidence.model_dump_json(exclude_defaults=True))


def _sample(
    files: Sequence[str], stride: int, predictor: Predictor
) -> tuple[list[int], list[bytes]]:
    """Returns every `stride`-th record of the files with its number, up to a size in bytes.

    Those without a label are left out.
    """
    kinds = [compression(file) for file in files]
    records = tf.data.Dataset.from_tensor_slices((list(files), kinds)).flat_map(
        tf.data.TFRecordDataset
    )
    numbers: list[int] = []
    sample: list[bytes] = []
    size = 0
    for index, record in enumerate(records.shard(stride, 0).as_numpy_iterator()):
        size += len(record)
        if size > _BYTES and sample:
            break
        numbers.append(index * stride)
        sample.append(record)
    known = labelled(predictor.label(tf.constant(sample))).numpy()
    return list(itertools.compress(numbers, known)), list(itertools.compress(sample, known))


def _places(examples: Sequence[Any], keys: Sequence[str]) -> Floats:
    """Returns two numbers of each record, float64 [n, 2]; NaN where it has none."""
    rows = _rows(examples, keys)
    numbers = [
        [float(row[key]) if isinstance(row[key], int | float) else math.nan for key in keys]
        for row in rows
    ]
    return np.array(numbers, np.float64).reshape(-1, 2)


def _decoded(text: tf.Tensor) -> str:
    """Returns the only text of a tensor [1]."""
    first: bytes = text.numpy()[0]
    return first.decode("utf-8", errors="replace")


def _evaluate(
    sample: Sequence[bytes], card: ModelCard, predictor: Predictor, config: EvaluateConfig
) -> tuple[Array, Floats, Floats | None]:
    """Returns labels, predictions and weights of records, read as the evaluation reads them."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "sample.tfrecord")
        with tf.io.TFRecordWriter(file) as writer:
            for record in sample:
                writer.write(record)
        blocks = list(
            read_blocks(file, card, {"": predictor}, (), config.batch_size, Counting(config.weight))
        )
    weights = [w for block in blocks if (w := block.counted.weights) is not None]
    return (
        np.concatenate([block.labels for block in blocks]),
        np.concatenate([block.predictions[""] for block in blocks]),
        np.concatenate(weights) if weights else None,
    )


def _rows(examples: Sequence[Any], keys: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the only value of each raw feature of each record; None if it has none or several."""
    return [
        {key: _only_value(example.features.feature, key) for key in keys} for example in examples
    ]


def _only_value(features: Any, key: str) -> Any:
    if key not in features:
        return None
    feature = features[key]
    values = feature.bytes_list.value or feature.int64_list.value or feature.float_list.value
    return values[0] if len(values) == 1 else None
