"""gRPC reflection: what grpcurl and the like ask for the methods and their messages.

The modules of tensorflow-serving-api that describe its services cannot be imported with today's
protobuf, so their descriptors are made here, from the table of methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

Types = tuple[type[Message], type[Message]]
"""The messages of a method: request and response."""


def enable(server: grpc.Server, methods: Mapping[str, Types], others: Sequence[str]) -> None:
    """Has a server describe its methods.

    Args:
        server: It is not started yet.
        methods: The paths ``/package.Service/Method``, and their messages.
        others: Further services: those of `grpc_health` and of reflection itself.
    """
    services: dict[str, dict[str, Types]] = {}
    for path, types in methods.items():
        service, method = path.strip("/").split("/")
        services.setdefault(service, {})[method] = types
    pool = DescriptorPool()
    known: set[str] = set()
    for descriptor in (health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR):
        _add(pool, descriptor, known)
    for service, named in services.items():
        pool.Add(_file(pool, service, named, known))
    reflection.enable_server_reflection([*services, *others], server, pool=pool)


def _file(
    pool: DescriptorPool, service: str, methods: Mapping[str, Types], known: set[str]
) -> descriptor_pb2.FileDescriptorProto:
    """Returns a file with one service, whose messages are put into `pool`."""
    package, _, name = service.rpartition(".")
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{service}.proto", package=package, syntax="proto3"
    )
    described = file.service.add(name=name)
    for method, types in methods.items():
        request, response = (kind.DESCRIPTOR for kind in types)
        for needed in (request.file, response.file):
            _add(pool, needed, known)
            if needed.name not in file.dependency:
                file.dependency.append(needed.name)
        described.method.add(
            name=method,
            input_type=f".{request.full_name}",
            output_type=f".{response.full_name}",
        )
    return file


def _add(pool: DescriptorPool, file: Any, known: set[str]) -> None:
    """Puts a file and all that it needs into `pool`."""
    if file.name in known:
        return
    known.add(file.name)
    for needed in file.dependencies:
        _add(pool, needed, known)
    pool.AddSerializedFile(file.serialized_pb)
