"""One request and its answer, as a PredictionLog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tfline.serving.protos import prediction_log_pb2
from tfline.serving.server.servable import DEFAULT_SIGNATURE

Kind = Literal["predict_log", "classify_log", "regress_log", "multi_inference_log"]
"""The field of a PredictionLog that has the request and the answer."""

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


def encode(entry: Entry) -> bytes:
    """Returns a serialized PredictionLog.

    Request and answer go in as they are: to parse them, only to write them again, would take
    longer than everything else.
    """
    metadata = prediction_log_pb2.PredictionLog().log_metadata
    metadata.model_spec.name = entry.model
    metadata.model_spec.version.value = entry.version
    metadata.model_spec.signature_name = entry.signature or DEFAULT_SIGNATURE
    metadata.sampling_config.sampling_rate = entry.rate
    metadata.timestamp_secs = int(entry.seconds)
    return _field("log_metadata", metadata.SerializeToString()) + _field(
        entry.kind, _message(1, entry.request) + _message(2, entry.response)
    )


def _field(name: str, content: bytes) -> bytes:
    fields = prediction_log_pb2.PredictionLog.DESCRIPTOR.fields_by_name
    return _message(fields[name].number, content)


def _message(number: int, content: bytes) -> bytes:
    """Returns a field that is a message: its tag, its length, its content."""
    return _varint(number << 3 | _DELIMITED) + _varint(len(content)) + content


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
