"""One request and its answer, as a PredictionLog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tfline.serving.protos import prediction_log_pb2
from tfline.serving.server.servable import DEFAULT_SIGNATURE

Kind = Literal["predict_log", "classify_log", "regress_log", "multi_inference_log"]
"""The field of a PredictionLog that has the request and the answer."""

_FIELDS = prediction_log_pb2.PredictionLog.DESCRIPTOR.fields_by_name
_METADATA = _FIELDS["log_metadata"].number
_KINDS = {name: _FIELDS[name].number for name in get_args(Kind)}
_DELIMITED = 2  # the wire type of messages
_MORE, _BITS = 0x80, 7


@dataclass(frozen=True, slots=True)
class Entry:
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
    metadata = prediction_log_pb2.PredictionLog().log_metadata
    metadata.model_spec.name = entry.model
    metadata.model_spec.version.value = entry.version
    metadata.model_spec.signature_name = entry.signature or DEFAULT_SIGNATURE
    metadata.sampling_config.sampling_rate = entry.rate
    metadata.timestamp_secs = int(entry.seconds)
    about = metadata.SerializeToString()
    request, response = _begin(1, len(entry.request)), _begin(2, len(entry.response))
    size = len(request) + len(entry.request) + len(response) + len(entry.response)
    begin = _begin(_METADATA, len(about)) + about + _begin(_KINDS[entry.kind], size) + request
    return [begin, entry.request, response, entry.response]


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
