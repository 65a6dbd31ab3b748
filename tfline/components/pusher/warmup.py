"""Warm-up requests: what TF Serving runs before a version answers, so that no client waits for it.

https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from tfline.components.artifacts.versions import WARMUP
from tfline.components.pusher.answers import PREDICTIONS, predict_request
from tfline.serving.protos import prediction_log_pb2


def write_warmup(version: Path, model: str, records: Iterable[bytes]) -> None:
    """Writes a Predict request a record; the same bytes for the same records.

    Args:
        version: The folder of the version.
        model: The name of the model.
        records: Serialized tf.Examples; TF Serving runs 1,000 at most.
    """
    path = version / WARMUP
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.CopyFrom(predict_request(model, PREDICTIONS, [record]))
            writer.write(log.SerializeToString(deterministic=True))
