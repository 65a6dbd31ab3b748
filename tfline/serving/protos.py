"""The messages of TensorFlow Serving's API, imported without importing TensorFlow.

The generated modules live in the packages ``tensorflow`` and ``tensorflow_serving``. Importing
one of them runs ``tensorflow/__init__.py``, which takes ten seconds; the messages themselves need
none of it. So an empty package stands in for ``tensorflow`` while they are imported, and goes
again afterwards: a later ``import tensorflow`` gets the real one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path

__all__ = [
    "classification_pb2",
    "config_pb2",
    "example_pb2",
    "feature_pb2",
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "inference_pb2",
    "input_pb2",
    "meta_graph_pb2",
    "model_management_pb2",
    "model_pb2",
    "model_server_config_pb2",
    "predict_pb2",
    "prediction_log_pb2",
    "regression_pb2",
    "tensor_pb2",
    "tensor_shape_pb2",
    "tensorflow_folder",
    "types_pb2",
]


def tensorflow_folder() -> Path:
    """Returns the folder of the installed TensorFlow package, without importing it.

    Raises:
        ModuleNotFoundError: If TensorFlow is not installed.
    """
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
    return Path(next(iter(spec.submodule_search_locations)))


@contextlib.contextmanager
def _tensorflow_stand_in() -> Iterator[None]:
    """Lets ``tensorflow.core.*`` be imported without ``tensorflow`` itself."""
    if "tensorflow" in sys.modules:
        yield
        return
    package = types.ModuleType("tensorflow")
    package.__path__ = [str(tensorflow_folder())]
    sys.modules["tensorflow"] = package
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "tensorflow"]:
            del sys.modules[name]


with _tensorflow_stand_in():
    from tensorflow.core.example import example_pb2, feature_pb2
    from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow_serving.apis import (
        classification_pb2,
        get_model_metadata_pb2,
        get_model_status_pb2,
        inference_pb2,
        input_pb2,
        model_management_pb2,
        model_pb2,
        predict_pb2,
        prediction_log_pb2,
        regression_pb2,
    )
    from tensorflow_serving.config import model_server_config_pb2
