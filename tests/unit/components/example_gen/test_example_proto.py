"""tf.Examples are written without TensorFlow, and read by it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tfline.components.example_gen.example_proto import encode_example, example_protos


def test_encode_example_chooses_the_list_by_type() -> None:
    example = example_protos().Example.FromString(
        encode_example(
            {"i": 1, "b": True, "f": [1, 2.5], "s": "\u00e4", "r": b"\xff", "none": None}
        )
    )
    feature = example.features.feature
    assert sorted(feature) == ["b", "f", "i", "r", "s"]
    assert list(feature["i"].int64_list.value) == [1]
    assert list(feature["b"].int64_list.value) == [1]
    assert list(feature["f"].float_list.value) == [1, 2.5]
    assert list(feature["s"].bytes_list.value) == ["\u00e4".encode()]
    assert list(feature["r"].bytes_list.value) == [b"\xff"]


def test_encode_example_gives_the_same_bytes_for_another_order() -> None:
    assert encode_example({"a": 1, "b": 2}) == encode_example({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [["a", 1], [{}]])
def test_encode_example_raises_for_types_it_cannot_hold(value: list[object]) -> None:
    with pytest.raises(TypeError, match="Feature 'x' must hold"):
        encode_example({"x": value})  # type: ignore[dict-item]


def test_protos_load_without_tensorflow() -> None:
    program = (
        "import sys\n"
        "from tfline.components.example_gen.example_proto import encode_example\n"
        "encode_example({'a': 1})\n"
        "sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
