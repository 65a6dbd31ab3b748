"""Arguments of a spec are checked against the signature of a function."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict, Unpack

import pytest
from pydantic import Field

from tfline.transforms.arguments import arguments_model, check_arguments
from tfline.transforms.errors import SpecError


def scale(x: Unknown, *, by: Annotated[float, Field(gt=0)] = 2.0, names: tuple[str, ...] = ()):  # type: ignore[no-untyped-def, name-defined] # noqa: F821
    """Scales; its positional parameter is annotated with a type that is never imported."""


def needs(x: float, *, depth: int) -> None:
    """Has an argument without a default."""


def plain(x, *, anything=None, **more) -> None:  # type: ignore[no-untyped-def]
    """Has an argument without an annotation."""


def broken(x, *, depth: Missing = 1) -> None:  # type: ignore[no-untyped-def, name-defined] # noqa: F821
    """Has an annotation that its module does not know."""


class Shared(TypedDict, total=False):
    """Arguments of several functions."""

    rate: Annotated[float, Field(ge=0, description="How much.")]
    name: str


def sharing(x: float, *, depth: int = 1, **shared: Unpack[Shared]) -> None:
    """Has arguments that other functions have too."""


def test_given_arguments_are_returned_and_no_defaults() -> None:
    assert check_arguments(scale, {}, "") == {}
    assert check_arguments(scale, {"by": 3, "names": ["a"]}, "") == {"by": 3.0, "names": ("a",)}


def test_unannotated_argument_takes_anything() -> None:
    assert check_arguments(plain, {"anything": [1, "a"]}, "") == {"anything": [1, "a"]}


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (scale, {"bi": 3}, "scale has no argument 'bi'"),
        (scale, {"x": 3}, "scale has no argument 'x'"),
        (scale, {"by": 0}, "Invalid value for `by` of scale: .*greater than 0.*Received: by=0"),
        (scale, {"by": "much"}, "Invalid value for `by` of scale"),
        (scale, {"names": [1]}, r"Invalid value for `names\.0` of scale"),
        (scale, ["by"], "The arguments of scale are a mapping"),
        (needs, {}, "needs needs the argument 'depth'"),
        (sharing, {"rate": -1}, "Invalid value for `rate` of sharing"),
        (sharing, {"rat": 1}, "sharing has no argument 'rat'"),
        (plain, {"more": 1}, "plain has no argument 'more'"),
        (broken, {}, "The arguments of 'broken' cannot be read: name 'Missing' is not defined"),
        (3.14, {}, r"Expected a function\. Received: 3\.14"),
        ({}, {}, "Expected a function"),
    ],
)
def test_wrong_argument_is_refused(function: Any, arguments: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        check_arguments(function, arguments, "here")


def test_misspelt_argument_gets_the_nearest_one() -> None:
    with pytest.raises(SpecError) as caught:
        check_arguments(scale, {"name": 1}, "spec.yaml:3")
    assert caught.value.where == "spec.yaml:3"
    assert caught.value.hint == "Did you mean 'names'? Known: by, names."


def test_json_schema_has_the_range_and_the_default() -> None:
    by = arguments_model(scale).model_json_schema()["properties"]["by"]
    assert (by["exclusiveMinimum"], by["default"]) == (0, 2.0)


def test_shared_arguments_are_those_of_each_function() -> None:
    assert check_arguments(sharing, {"rate": 2, "depth": 3}, "") == {"rate": 2.0, "depth": 3}
    schema = arguments_model(sharing).model_json_schema()
    assert set(schema["properties"]) == {"depth", "rate", "name"}
    assert schema["properties"]["rate"]["description"] == "How much."
    assert "default" not in schema["properties"]["rate"]
    assert "required" not in schema
