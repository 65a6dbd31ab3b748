"""The language of conditions: what it is, what it refuses, and where a condition holds."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.transforms.condition import Column, check_condition, check_kinds, holds, names_of
from tfline.transforms.errors import SpecError

COLUMNS = {
    "label": Column(np.array([0, 1, 2, 9]), np.array([True, True, True, True])),
    "fare": Column(np.array([5.0, 0.0, 12.5, 50.0]), np.array([True, False, True, True])),
    "pay by": Column(np.array(["Cash", "Card", "", "Cash"]), np.array([True, True, False, True])),
}
KINDS = {"label": "number", "fare": "number", "pay by": "text"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("label in [0, 1, 2]", [1, 1, 1, 0]),
        ("label not in (9, 0)", [0, 1, 1, 0]),
        ("label == 1 or label == 9", [0, 1, 0, 1]),
        ("0 < label <= 2", [0, 1, 1, 0]),
        ("fare > 1", [1, 0, 1, 1]),
        ("not fare > 1", [0, 1, 0, 0]),
        ("fare < 10", [1, 0, 0, 0]),
        ("fare is missing", [0, 1, 0, 0]),
        ("fare is not missing and label != 9", [1, 0, 1, 0]),
        ('feature("pay by") == "Cash"', [1, 0, 0, 1]),
        ('feature("pay by") not in ["Cash"]', [0, 1, 0, 0]),
        ("fare / label > 6", [0, 0, 1, 0]),
        ("label % 2 == 1", [0, 1, 0, 1]),
        ("-label + 1 >= 0", [1, 1, 0, 0]),
    ],
)
def test_condition_holds(condition: str, expected: list[int]) -> None:
    check_kinds(check_condition(condition), KINDS)
    found = holds(condition, COLUMNS, 4)
    np.testing.assert_array_equal(found, np.array(expected, bool))


def test_features_are_named_in_their_order_and_missing_is_none() -> None:
    found = names_of('b is missing or feature("a b") > missing_count or b in [1]')
    assert found == ("b", "a b", "missing_count")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("label", "'label' is not allowed in a condition"),
        ("label = 1", "cannot be read"),
        ("label in 3", "takes a list"),
        ("label in [x]", "A list has no feature"),
        ("1 < 2", "names no feature"),
        ("label == True", "no True and no False"),
        ("__import__('os').remove('x') == 1", "is not allowed"),
        ("label.real == 1", "is not allowed"),
        ("(label + 1) is missing", "is no feature"),
        ("label is None", "is not allowed"),
        ("label == 1 and " * 80 + "label == 1", "more than 200 parts"),
    ],
)
def test_what_is_no_condition_is_refused(condition: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_condition(condition)


@pytest.mark.parametrize(
    ("condition", "message", "hint"),
    [
        ("lable == 1", "There is no feature 'lable'", "Did you mean 'label'"),
        ('label == "1"', "label, a number, with '1', a text", "stands in quotes"),
        ('feature("pay by") in [1]', "a text, with 1, a number", "stands in quotes"),
        ('feature("pay by") + 1 > 0', "a text, in", "Compute with numbers"),
    ],
)
def test_condition_that_does_not_fit_the_features_is_refused(
    condition: str, message: str, hint: str
) -> None:
    with pytest.raises(SpecError, match=message) as error:
        check_kinds(check_condition(condition), KINDS)
    assert hint in error.value.hint
