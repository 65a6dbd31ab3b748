"""Formulas: what they compute, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfline.transforms.expression import MOST_NODES
from tfline.transforms.formula import check_formula, compute, names_of


def value(text: str, **values: float) -> float:
    tensors = {name: tf.constant([number], tf.float64) for name, number in values.items()}
    return float(compute(check_formula(text), tensors)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a / b", 2),
        ("a - b * 2", 0),
        ("(a - b) * 2", 6),
        ("-a ** 2", -36),
        ("a % 4", 2),
        ("sqrt(a + b) + abs(-b)", 6),
        ("min(a, b, 1) + max(a, b)", 7),
        ("log(exp(b)) + log1p(a - 6)", 3),
        ("round(a / 4)", 2),
        ("where(a > b, 10, 20)", 10),
        ("(a >= 6) + (a <= 5) + (a == 6) + (b != 3) + (a < b)", 2),
        ("a / (b - 3)", math.inf),
    ],
)
def test_formula_has_the_value_of_arithmetic(text: str, expected: float) -> None:
    assert value(text, a=6, b=3) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["a + b", "a > b", "where(a, b, b)", "max(a, b)", "a == a + b"])
def test_what_depends_on_a_missing_value_is_missing(text: str) -> None:
    assert math.isnan(value(text, a=math.nan, b=1.0))


def test_names_come_in_the_order_in_which_they_appear() -> None:
    assert names_of("log(c) + a / max(b, c)") == ("c", "a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "cannot be read"),
        ("", "cannot be read"),
        ("a; b", "cannot be read"),
        ("1 + 2", "names no feature"),
        ("a.b", "'a.b' is not allowed"),
        ("a[0]", "not allowed"),
        ("'text'", "not allowed"),
        ("a if b else c", "not allowed"),
        ("a and b", "not allowed"),
        ("not a", "not allowed"),
        ("a < b < c", "not allowed"),
        ("[a]", "not allowed"),
        ("lambda: a", "not allowed"),
        ("(x := a)", "not allowed"),
        ("a | b", "not allowed"),
        ("a + True", "no True and no False"),
        ("__import__('os')", "there is no function '__import__'"),
        ("eval(a)", "there is no function 'eval'"),
        ("a.exp(b)", "not allowed"),
        ("exp(a, b)", "'exp' takes 1 arguments, not 2"),
        ("exp(x=a)", "not allowed"),
        ("max(a)", "'max' takes 2 to 16"),
        ("+".join("a" * MOST_NODES), "more than"),
        ("(" * 500 + "a" + ")" * 500, "cannot be read"),
    ],
)
def test_what_is_no_formula_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        check_formula(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab()+-*/% .,<>=!'\"[]{}0123456789elogx_\n\0", max_size=40))
def test_any_text_is_a_formula_or_refused_with_a_value_error(text: str) -> None:
    try:
        check_formula(text)
    except ValueError:
        return
    names = names_of(text)
    result = compute(text, {name: tf.constant([1.0], tf.float64) for name in names})
    assert np.asarray(result).dtype == np.float64
