"""What a model server has written of a request and its answer, as text for people."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import DecodeError, Message

_METADATA_TAG = b"\x0a"  # of the field `log_metadata`, which a server writes first
_EXAMPLES = "examples"
_SHOWN_EXAMPLES = 3
_FORMATS = {1: "f", 2: "d", 3: "i", 9: "q"}
"""How the elements of a DataType stand in ``tensor_content``: those that models answer with."""

ShowExample = Callable[[bytes], list[str]]
ShowValues = Callable[[Sequence[Any]], str]


def prediction_log(record: bytes) -> Any | None:
    """Returns a record as the PredictionLog that it is; None if it is none.

    A tf.Example begins with the same byte. A log has a model and a time besides, and a kind.
    """
    if not record.startswith(_METADATA_TAG):
        return None
    from tfline.serving.protos import prediction_log_pb2

    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError:
        return None
    metadata = log.log_metadata
    known = metadata.model_spec.name and metadata.timestamp_secs > 0
    return log if known and log.WhichOneof("log_type") in _READERS else None


def describe_log(
    log: Any, show_example: ShowExample, show_values: ShowValues
) -> tuple[str, list[str]]:
    """Returns the kind of a logged request, and the lines that describe it.

    Args:
        log: A PredictionLog.
        show_example: Returns a line for each feature of a serialized tf.Example.
        show_values: Returns some values as text.
    """
    kind = str(log.WhichOneof("log_type"))
    spec, logged = log.log_metadata.model_spec, getattr(log, kind)
    time = datetime.fromtimestamp(log.log_metadata.timestamp_secs, UTC)
    label = _label(logged.request)
    version = f"{spec.version.value}{label and f' by label {label}'}"
    lines = [
        f"  model: {spec.name} version {version}, signature {spec.signature_name}",
        f"  time: {time:%Y-%m-%d %H:%M:%S} UTC",
        *_READERS[kind](logged, show_example, show_values),
    ]
    return f"{kind.removesuffix('_log')} request", lines


def _label(request: Any) -> str:
    tasks = getattr(request, "tasks", None)
    return str((tasks[0] if tasks else request).model_spec.version_label)


def _predict(logged: Any, show_example: ShowExample, show_values: ShowValues) -> Iterator[str]:
    yield from _tensors("input", logged.request.inputs, show_example, show_values)
    yield from _tensors("output", logged.response.outputs, show_example, show_values)


def _tensors(
    what: str, tensors: Mapping[str, Any], show_example: ShowExample, show_values: ShowValues
) -> Iterator[str]:
    for name in sorted(tensors):
        values = _values(tensors[name])
        if name == _EXAMPLES:
            yield f"  {what} {name}: {len(values)}"
            for value in values[:_SHOWN_EXAMPLES]:
                yield from show_example(value)
        else:
            yield f"  {what} {name}: {show_values(values)}"


def _values(tensor: Any) -> list[Any]:
    """Returns the values of a TensorProto; of a type that is not known here, its bytes."""
    for field, values in tensor.ListFields():
        if field.name.endswith("_val"):
            return list(values)
    kind = _FORMATS.get(tensor.dtype)
    if not tensor.tensor_content or kind is None:
        return [tensor.tensor_content] if tensor.tensor_content else []
    count = len(tensor.tensor_content) // struct.calcsize(kind)
    return list(struct.unpack(f"<{count}{kind}", tensor.tensor_content))


def _inputs(request: Any, show_example: ShowExample) -> Iterator[str]:
    """Yields the examples of a request for Classify, Regress or MultiInference."""
    kind = request.input.WhichOneof("kind")
    examples: Sequence[Message] = getattr(request.input, kind).examples if kind else ()
    yield f"  examples: {len(examples)}"
    for example in examples[:_SHOWN_EXAMPLES]:
        yield from show_example(example.SerializeToString())


def _classify(logged: Any, show_example: ShowExample, _: ShowValues) -> Iterator[str]:
    yield from _inputs(logged.request, show_example)
    yield from _classes(logged.response.result)


def _classes(result: Any) -> Iterator[str]:
    for found in result.classifications[:_SHOWN_EXAMPLES]:
        yield f"  answer: {', '.join(f'{c.label} {c.score:.6g}' for c in found.classes)}"


def _regress(logged: Any, show_example: ShowExample, show_values: ShowValues) -> Iterator[str]:
    yield from _inputs(logged.request, show_example)
    yield from _numbers(logged.response.result, show_values)


def _numbers(result: Any, show_values: ShowValues) -> Iterator[str]:
    yield f"  answer: {show_values([found.value for found in result.regressions])}"


def _multi_inference(
    logged: Any, show_example: ShowExample, show_values: ShowValues
) -> Iterator[str]:
    yield from _inputs(logged.request, show_example)
    for result in logged.response.results:
        if result.HasField("classification_result"):
            yield from _classes(result.classification_result)
        else:
            yield from _numbers(result.regression_result, show_values)


_READERS = {
    "predict_log": _predict,
    "classify_log": _classify,
    "regress_log": _regress,
    "multi_inference_log": _multi_inference,
}
"""What describes the request and the answer of each kind."""
