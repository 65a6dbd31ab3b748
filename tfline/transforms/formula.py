"""A tiny language for features that follow from others: ``log1p(total_rooms / households)``.

Its grammar is a part of Python's expressions, read with `ast` and never evaluated as Python:

    formula   number | name | (formula) | -formula | formula OPERATOR formula
              | FUNCTION(formula, ...)
    OPERATOR  + - * / % ** < <= > >= == !=
    FUNCTION  abs exp log log1p max min round sqrt where

A name is a raw feature. A comparison is 1 or 0. ``where(condition, a, b)`` is `a` where the
condition is not 0. What has no finite result, such as a division by zero, is missing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from tfline.transforms.expression import parse_expression
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")


def _comparison(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def to_number(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        is_missing = tf.math.is_nan(a) | tf.math.is_nan(b)
        return tf.where(is_missing, a + b, tf.cast(compare(a, b), a.dtype))

    return to_number


_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Mod: lambda a, b: a % b,
    ast.Pow: lambda a, b: tf.pow(a, b),
    ast.Lt: _comparison(lambda a, b: a < b),
    ast.LtE: _comparison(lambda a, b: a <= b),
    ast.Gt: _comparison(lambda a, b: a > b),
    ast.GtE: _comparison(lambda a, b: a >= b),
    ast.Eq: _comparison(lambda a, b: tf.equal(a, b)),
    ast.NotEq: _comparison(lambda a, b: tf.not_equal(a, b)),
}

_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {
    "abs": (1, 1, lambda a: tf.abs(a)),
    "exp": (1, 1, lambda a: tf.exp(a)),
    "log": (1, 1, lambda a: tf.math.log(a)),
    "log1p": (1, 1, lambda a: tf.math.log1p(a)),
    "max": (2, 16, lambda *a: reduce(tf.maximum, a)),
    "min": (2, 16, lambda *a: reduce(tf.minimum, a)),
    "round": (1, 1, lambda a: tf.round(a)),
    "sqrt": (1, 1, lambda a: tf.sqrt(a)),
    "where": (3, 3, lambda c, a, b: tf.where(tf.math.is_nan(c), c, tf.where(c != 0, a, b))),
}
"""Name to the fewest and most arguments, and what is computed."""


def check_formula(text: str) -> str:
    """Returns `text` if it is a formula.

    Raises:
        ValueError: It is none; the text says what is wrong, and what is allowed.
    """
    node = _parse(text)
    _check(node)
    if not names_of(text):
        raise ValueError("the formula names no feature")
    return text


def names_of(text: str) -> tuple[str, ...]:
    """Returns the raw features that a formula names, in the order in which they appear."""
    tree = _parse(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(node.id for node in found))


def is_condition(text: str) -> bool:
    """Tells whether a formula is a comparison, whose value is 1 or 0."""
    return isinstance(_parse(text), ast.Compare)


def compute(text: str, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Returns the value of a checked formula.

    Args:
        text: The formula.
        values: Raw feature to float64 [batch]; NaN where a value is missing.

    Returns:
        float64 [batch]; not finite where there is no result.
    """
    return _compute(_parse(text), values)


def _parse(text: str) -> ast.expr:
    return parse_expression(text, "formula")


def _check(node: ast.expr) -> None:
    """Refuses everything that is not in the grammar."""
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("a formula has no True and no False")
        case ast.Constant(value=int() | float()) | ast.Name():
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left)
            _check(right)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            _check(left)
            _check(right)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            _check_call(name, arguments)
        case _:
            raise ValueError(
                f"'{ast.unparse(node)}' is not allowed in a formula; it has numbers, features, "
                f"+ - * / % ** < <= > >= == != and {', '.join(_FUNCTIONS)}"
            )


def _check_call(name: str, arguments: list[ast.expr]) -> None:
    if name not in _FUNCTIONS:
        raise ValueError(f"there is no function '{name}'; known: {', '.join(_FUNCTIONS)}")
    fewest, most, _ = _FUNCTIONS[name]
    if not fewest <= len(arguments) <= most:
        count = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise ValueError(f"'{name}' takes {count} arguments, not {len(arguments)}")
    for argument in arguments:
        _check(argument)


def _compute(node: ast.expr, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
    match node:
        case ast.Constant(value=number):
            return tf.constant(number, tf.float64)
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(operand=operand):
            return -_compute(operand, values)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_compute(left, values), _compute(right, values))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _OPERATORS[type(op)](_compute(left, values), _compute(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name][2](*(_compute(argument, values) for argument in arguments))
    raise ValueError(f"'{ast.unparse(node)}' is not allowed in a formula")
