"""Warm-up: recorded requests that are run before a version is available.

They are PredictionLogs in a TFRecord file that comes with the model:
``assets.extra/tf_serving_warmup_requests``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError

from tfline.serving.protos import prediction_log_pb2
from tfline.serving.server.handlers import examples
from tfline.serving.server.handlers.predict import predict
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError, invalid_argument
from tfline.transforms.framing import FrameError, read_frame

logger = logging.getLogger(__name__)

_FILE = Path("assets.extra", "tf_serving_warmup_requests")
_MAX_RECORDS = 1000


def warm_up(servable: Servable, folder: Path, iterations: int = 1) -> None:
    """Runs the recorded requests of a model, if there are any.

    Args:
        servable: The model.
        folder: The folder of its version.
        iterations: How often each request is run.

    Raises:
        StatusError: If a record cannot be read, there are over 1,000, or a request fails.
    """
    path = folder / _FILE
    if not path.is_file():
        return
    count = 0
    for record in _records(path):
        count += 1
        if count > _MAX_RECORDS:
            raise invalid_argument(
                f"Number of warmup records exceeds the maximum ({_MAX_RECORDS}) at {path}"
            )
        log = _parsed(record, path)
        for _ in range(iterations):
            _run(servable, log)
    logger.info("Warmed up %s version %d with %d records", servable.name, servable.version, count)


def _run(servable: Servable, log: prediction_log_pb2.PredictionLog) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        predict(servable, log.predict_log.request)
    elif kind == "classify_log":
        examples.classify(servable, log.classify_log.request)
    elif kind == "regress_log":
        examples.regress(servable, log.regress_log.request)
    elif kind == "multi_inference_log":
        examples.multi_inference(servable, log.multi_inference_log.request)
    else:
        raise StatusError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")


def _parsed(record: bytes, path: Path) -> prediction_log_pb2.PredictionLog:
    try:
        return prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument(f"Failed to parse warmup record: {error} from {path}") from error


def _records(path: Path) -> Iterator[bytes]:
    """Yields the records of a TFRecord file.

    Raises:
        StatusError: DATA_LOSS if the file is cut off, or a checksum is wrong.
    """
    with path.open("rb") as file:
        try:
            while (record := read_frame(file)) is not None:
                yield record
        except FrameError as error:
            what = "truncated" if error.truncated else "corrupted"
            raise StatusError(Code.DATA_LOSS, f"{what} record at {path}") from error
