"""Encryption of gRPC: SSLConfig to credentials."""

from __future__ import annotations

from typing import Any

import grpc

from tfline.serving.server.model_config import read_text_proto
from tfline.serving.server.settings import SSLConfig
from tfline.serving.server.status import invalid_argument


def server_credentials(path: str) -> grpc.ServerCredentials | None:
    """Returns the credentials that the SSLConfig at `path` describes; None without a path.

    Raises:
        StatusError: INVALID_ARGUMENT if the file cannot be parsed, lacks a key or certificate, or
            has the path of one.
    """
    if not path:
        return None
    config: Any = read_text_proto(path, SSLConfig())
    if not config.server_key or not config.server_cert:
        raise invalid_argument(f"'{path}' needs server_key and server_cert, as PEM text")
    if config.client_verify and not config.custom_ca:
        raise invalid_argument(f"'{path}' has client_verify, which needs custom_ca, as PEM text")
    for name in ("server_key", "server_cert", "custom_ca"):
        text: str = getattr(config, name)
        if text and "-----BEGIN" not in text:  # gRPC would only say that it cannot bind the port
            raise invalid_argument(f"'{path}' needs {name} as PEM text, not as the path of a file")
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )
