"""One request and its answer, as a PredictionLog."""

from __future__ import annotations

import functools
from typing import Literal, NamedTuple, get_args

from tfline.serving.protos import prediction_log_pb2
from tfline.serving.server.servable import DEFAULT_SIGNATURE

Kind = Literal["predict_log", "classify_log", "regress_log", "multi_inference_log"]
"""The field of a PredictionLog that has the request and the answer."""

_FIELDS = prediction_log_pb2.PredictionLog.DESCRIPTOR.fields_by_name
_METADATA = _FIELDS["log_metadata"].number
_KINDS = {name: _FIELDS[name].number for name in get_args(Kind)}
_SMALL_BYTES = 16_384  # to copy less than that costs less than to write it in parts
_DELIMITED = 2  # the wire type of messages
_MORE, _BITS = 0x80, 7


class Entry(NamedTuple):
    """What is to be written.

    Attributes:
        kind: Which method was called.
        model: The model.
        version: The version that answered.
        signature: The signature that was asked for; empty: the default.
        seconds: When it was answered, since 1970.
        rate: The share of the requests that are written.
        request: The request, serialized; it has the label, if it asked for one.
        response: The answer, serialized.
    """

    kind: Kind
    model: str
    version: int
    signature: str
    seconds: float
    rate: float
    request: bytes
    response: bytes

    @property
    def size(self) -> int:
        """The bytes that it takes, about."""
        return len(self.request) + len(self.response)


def encode(entry: Entry) -> list[bytes]:
    """Returns a serialized PredictionLog, in parts.

    Request and answer go in as they are: to parse or to copy them, only to write them again, would
    take longer than everything else.
    """
    about = _metadata(entry.model, entry.version, entry.signature, entry.rate, int(entry.seconds))
    request, response = _begin(1, len(entry.request)), _begin(2, len(entry.response))
    size = len(request) + len(entry.request) + len(response) + len(entry.response)
    begin = about + _begin(_KINDS[entry.kind], size) + request
    if size < _SMALL_BYTES:
        return [b"".join((begin, entry.request, response, entry.response))]
    return [begin, entry.request, response, entry.response]


@functools.lru_cache(maxsize=256)
def _metadata(model: str, version: int, signature: str, rate: float, seconds: int) -> bytes:
    """Returns the field that tells whose request it was, which is the same for a second."""
    metadata = prediction_log_pb2.PredictionLog().log_metadata
    metadata.model_spec.name = model
    metadata.model_spec.version.value = version
    metadata.model_spec.signature_name = signature or DEFAULT_SIGNATURE
    metadata.sampling_config.sampling_rate = rate
    metadata.timestamp_secs = seconds
    serialized: bytes = metadata.SerializeToString()
    return _begin(_METADATA, len(serialized)) + serialized


def _begin(number: int, size: int) -> bytes:
    """Returns what stands before a field that is a message: its tag and its length."""
    return _varint(number << 3 | _DELIMITED) + _varint(size)


def _varint(value: int) -> bytes:
    """Returns a number as protocol buffers write it, seven bits a byte.

    https://protobuf.dev/programming-guides/encoding/#varints
    """
    parts = bytearray()
    while value >= _MORE:
        parts.append(value & (_MORE - 1) | _MORE)
        value >>= _BITS
    parts.append(value)
    return bytes(parts)
