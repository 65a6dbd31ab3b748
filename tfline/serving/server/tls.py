"""Encryption of gRPC: SSLConfig to credentials, which follow the file when it changes."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import grpc

from tfline.serving.server.model_config import read_text_proto
from tfline.serving.server.settings import SSLConfig
from tfline.serving.server.status import StatusError, invalid_argument

logger = logging.getLogger(__name__)


def server_credentials(path: str) -> grpc.ServerCredentials | None:
    """Returns the credentials that the SSLConfig at `path` describes; None without a path.

    A connection that is made after the file was written or replaced has what it says by then: key,
    certificate and authority. Whether clients need a certificate is as it was at the start.

    Raises:
        StatusError: INVALID_ARGUMENT if the file cannot be parsed, lacks a key or certificate, or
            has the path of one.
    """
    if not path:
        return None
    certificates = _Certificates(path)
    credentials: grpc.ServerCredentials = grpc.dynamic_ssl_server_credentials(
        certificates.first, certificates.renewed, certificates.verify_clients
    )
    return credentials


class _Certificates:
    """The certificates of a file, as gRPC asks for them at each connection.

    Args:
        path: The SSLConfig.

    Attributes:
        first: What it says at first.
        verify_clients: Whether clients need a certificate.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp = self._look()
        config = _read(path)
        self.first = _configuration(config)
        self.verify_clients: bool = config.client_verify

    def renewed(self) -> Any:
        """Returns what the file says if it has changed since it was read last; else None."""
        with self._lock:
            stamp = self._look()
            if stamp is None or stamp == self._stamp:
                return None
            self._stamp = stamp
            try:
                configuration = _configuration(_read(self._path))
            except StatusError as error:
                logger.error("The certificates are not changed: %s", error)
                return None
            logger.info("The certificates are those that %s has now", self._path)
            return configuration

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def _read(path: str) -> Any:
    config: Any = read_text_proto(path, SSLConfig())
    if not config.server_key or not config.server_cert:
        raise invalid_argument(f"'{path}' needs server_key and server_cert, as PEM text")
    if config.client_verify and not config.custom_ca:
        raise invalid_argument(f"'{path}' has client_verify, which needs custom_ca, as PEM text")
    for name in ("server_key", "server_cert", "custom_ca"):
        text: str = getattr(config, name)
        if text and "-----BEGIN" not in text:  # gRPC would only say that it cannot bind the port
            raise invalid_argument(f"'{path}' needs {name} as PEM text, not as the path of a file")
    return config


def _configuration(config: Any) -> Any:
    return grpc.ssl_server_certificate_configuration(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
    )
