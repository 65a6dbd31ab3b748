"""Names of transforms are resolved: those of the table, and the user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.transforms.errors import SpecError
from tfline.transforms.features import FeatureSpec, Step
from tfline.transforms.kinds import KINDS, kinds_of
from tfline.transforms.table import TRANSFORMS, holds_steps, resolve


@pytest.mark.parametrize("function", TRANSFORMS.values(), ids=TRANSFORMS)
def test_signature_tells_what_is_taken_and_given(function: Callable[..., object]) -> None:
    kinds = kinds_of(function)
    assert kinds.takes in KINDS
    assert kinds.gives in KINDS


def test_function_of_other_annotations_takes_and_gives_anything() -> None:
    assert kinds_of(len) == (None, None)
    assert kinds_of(lambda x: x) == (None, None)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_name_is_that_of_the_function(name: str) -> None:
    assert resolve(name).__name__ == name


@pytest.mark.parametrize("function", TRANSFORMS.values(), ids=TRANSFORMS)
def test_docstring_tells_arguments_shapes_and_types(function: Callable[..., object]) -> None:
    text = function.__doc__ or ""
    assert "Args:" in text
    assert "Returns:" in text
    assert "[batch" in text


def test_dotted_path_is_the_function_of_a_user() -> None:
    assert resolve("os.path.join").__name__ == "join"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("zscore", "Unknown transform 'zscore'"),
        ("no_such_module.f", "cannot be imported: ModuleNotFoundError"),
        ("os.no_such_function", "cannot be imported: AttributeError"),
        (".f", "Unknown transform"),
    ],
)
def test_unknown_name_is_refused(name: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        resolve(name)


@pytest.mark.parametrize("text", ["def f(:\n", "raise RuntimeError('no')\n", "import no_such\n"])
def test_module_that_cannot_be_loaded_is_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_of_table_test.py").write_text(text)
    with pytest.raises(SpecError, match="cannot be imported"):
        resolve("broken_of_table_test.f")


@pytest.mark.parametrize(
    ("transform", "arguments", "expected"),
    [
        ("z_score", {}, True),
        ("pad", {"length": 3}, True),
        ("multi_hot", {}, False),
        ("one_hot", {}, False),
        ("datetime", {}, False),
        ("pca", {"components": 2}, False),
    ],
)
def test_only_numbers_in_an_order_are_steps(
    transform: str, arguments: dict[str, object], expected: bool
) -> None:
    step = Step(transform=transform, arguments=arguments)
    assert holds_steps(FeatureSpec(name="x", keys=("x",), steps=(step,))) is expected
