"""tf.Example and tf.SequenceExample without ``import tensorflow``.

The generated modules need nothing of TensorFlow but the name of its package, and the package
takes ten seconds to import. So the name is lent to them while they load.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import types
from collections.abc import Mapping, Sequence
from typing import Any

Scalar = int | float | str | bytes
Value = Scalar | Sequence[Scalar] | None
"""What a feature may hold: one value, several of one type, or None for a missing feature."""


@functools.cache
def example_protos() -> Any:
    """Returns the module ``tensorflow.core.example.example_pb2``.

    A later ``import tensorflow`` works as ever.

    Raises:
        ModuleNotFoundError: TensorFlow is not installed.
    """
    name = "tensorflow.core.example.example_pb2"
    if "tensorflow" in sys.modules:
        return importlib.import_module(name)
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
    stand_in = types.ModuleType("tensorflow")
    stand_in.__path__ = list(spec.submodule_search_locations)
    sys.modules["tensorflow"] = stand_in
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules["tensorflow"]


def encode_example(features: Mapping[str, Value]) -> bytes:
    """Returns a serialized tf.Example, the same bytes for the same features.

    Args:
        features: The values by feature name. int and bool become int64, float becomes float
            (32 bits), str (as UTF-8) and bytes become bytes. None leaves the feature out, and so
            does a list without a value, which has no type.

    Raises:
        TypeError: A value has another type, or a sequence mixes types.
    """
    example = example_protos().Example()
    for name, value in features.items():
        values = _as_list(value)
        if values:
            _fill(example.features.feature[name], name, values)
    # The features are a map, whose order on the wire is otherwise left to chance.
    encoded: bytes = example.SerializeToString(deterministic=True)
    return encoded


def _as_list(value: Value) -> list[Scalar]:
    if value is None:
        return []
    return [value] if isinstance(value, Scalar) else list(value)


def _fill(feature: Any, name: str, values: Sequence[Any]) -> None:
    """Puts `values` into a Feature message."""
    if all(isinstance(v, int) for v in values):
        feature.int64_list.value.extend(map(int, values))  # a bool is no int to protobuf
    elif all(isinstance(v, int | float) for v in values):
        feature.float_list.value.extend(values)
    elif all(isinstance(v, str | bytes) for v in values):
        feature.bytes_list.value.extend(v.encode() if isinstance(v, str) else v for v in values)
    else:
        kinds = sorted({type(v).__name__ for v in values})
        raise TypeError(f"Feature {name!r} must hold int, float, str or bytes. Received: {kinds}")
