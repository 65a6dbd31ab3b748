"""The settings files whose messages the Python package of TensorFlow Serving leaves out.

Their descriptors are built here, with the field names of TensorFlow Serving, which is all that the
text format needs.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2
from google.protobuf.message import Message

_PACKAGE = "tensorflow.serving"
_FIELD = descriptor_pb2.FieldDescriptorProto

_INT64_VALUE = ".google.protobuf.Int64Value"
_MESSAGES: dict[str, dict[str, str]] = {
    "PrometheusConfig": {"enable": "bool", "path": "string"},
    "MonitoringConfig": {"prometheus_config": f".{_PACKAGE}.PrometheusConfig"},
    "SSLConfig": {
        "server_key": "string",
        "server_cert": "string",
        "custom_ca": "string",
        "client_verify": "bool",
    },
    "BatchingParameters": {
        "max_batch_size": _INT64_VALUE,
        "batch_timeout_micros": _INT64_VALUE,
        "max_enqueued_batches": _INT64_VALUE,
        "num_batch_threads": _INT64_VALUE,
        "max_execution_batch_size": _INT64_VALUE,
        "thread_pool_name": ".google.protobuf.StringValue",
        "allowed_batch_sizes": "repeated int64",
        "pad_variable_length_inputs": "bool",
        "enable_large_batch_splitting": ".google.protobuf.BoolValue",
    },
}
_SCALARS = {"bool": _FIELD.TYPE_BOOL, "string": _FIELD.TYPE_STRING, "int64": _FIELD.TYPE_INT64}


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, kind: str) -> None:
    scalar = kind.removeprefix("repeated ")
    message.field.add(
        name=name,
        number=len(message.field) + 1,
        label=_FIELD.LABEL_REPEATED if scalar != kind else _FIELD.LABEL_OPTIONAL,
        type=_SCALARS.get(scalar, _FIELD.TYPE_MESSAGE),
        type_name=None if scalar in _SCALARS else scalar,
    )


def _message_types() -> dict[str, type[Message]]:
    file = descriptor_pb2.FileDescriptorProto(
        name="serving/settings.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    for message, fields in _MESSAGES.items():
        added = file.message_type.add(name=message)
        for name, kind in fields.items():
            _add_field(added, name, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in _MESSAGES
    }


_TYPES = _message_types()
BatchingParameters = _TYPES["BatchingParameters"]
MonitoringConfig = _TYPES["MonitoringConfig"]
SSLConfig = _TYPES["SSLConfig"]
