"""Which models a server has: reading and checking ModelServerConfig."""

from __future__ import annotations

import logging
import os
import re
import time
from pathlib import Path
from typing import TypeAlias, TypeVar

from google.protobuf import text_format
from google.protobuf.message import Message

from tfline.serving.protos import model_server_config_pb2
from tfline.serving.server.status import StatusError, invalid_argument

logger = logging.getLogger(__name__)

ModelConfig: TypeAlias = model_server_config_pb2.ModelConfig
ModelServerConfig: TypeAlias = model_server_config_pb2.ModelServerConfig
MessageT = TypeVar("MessageT", bound=Message)

PLATFORM = "tensorflow"

_LOOK_SECONDS = 0.1


def single_model(name: str, base_path: str) -> ModelServerConfig:
    """Returns the configuration of a server with one model."""
    config = ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform=PLATFORM)
    return config


def read_text_proto(path: str, message: MessageT) -> MessageT:
    """Fills `message` from the text-format file at `path`.

    Raises:
        StatusError: INVALID_ARGUMENT if the file cannot be read or parsed; what is wrong in it is
            logged.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        return text_format.Parse(text, message)
    except (OSError, UnicodeDecodeError) as error:
        logger.error("Cannot read %s: %s", path, error)
        raise invalid_argument(f"Invalid protobuf file: '{path}'") from error
    except text_format.ParseError as error:
        logger.error("Error parsing text-format %s: %s", message.DESCRIPTOR.full_name, error)
        raise invalid_argument(f"Invalid protobuf file: '{path}'") from error


def wait_for_change(path: str, seconds: float) -> None:
    """Blocks for `seconds`, or until the file at `path` is written or replaced."""
    before, end = _stamp(path), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and _stamp(path) == before:
        time.sleep(min(left, _LOOK_SECONDS))


def _stamp(path: str) -> tuple[int, int, int] | None:
    """Returns what changes with a file; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def check(config: ModelServerConfig) -> dict[str, ModelConfig]:
    """Returns the models of `config` by name.

    Raises:
        StatusError: INVALID_ARGUMENT if a name is missing or given twice, a base path is relative,
            or a platform is not TensorFlow.
    """
    if config.WhichOneof("config") == "custom_model_config":
        raise invalid_argument("custom_model_config is not supported")
    models: dict[str, ModelConfig] = {}
    for model in config.model_config_list.config:
        if model.name in models:
            raise invalid_argument(
                f"Illegal to list model {model.name} multiple times in config list"
            )
        _check_model(model)
        models[model.name] = model
    return models


def _check_model(model: ModelConfig) -> None:
    if not model.name:
        raise invalid_argument("Expected model to have a name")
    if not re.match(r"/|[A-Za-z][\w.+-]*://", model.base_path) or "\0" in model.base_path:
        raise invalid_argument(
            f"Expected model {model.name} to have an absolute path or URI; "
            f"got base_path()={model.base_path}"
        )
    old_style = model.model_type == model_server_config_pb2.TENSORFLOW
    if old_style and model.model_platform:
        raise invalid_argument(
            f"Illegal setting both ModelServerConfig::model_type(deprecated) and model_platform "
            f"for model {model.name}"
        )
    if model.model_platform != PLATFORM and not old_style:
        raise _unsupported_platform(model)


def _unsupported_platform(model: ModelConfig) -> StatusError:
    return invalid_argument(
        f"Model {model.name} requests unsupported platform {model.model_platform}"
    )
