"""A tiny language for which records are used: ``label in [0, 1, 2] and fare is not missing``.

Its grammar is a part of Python's expressions, read with `ast` and never evaluated as Python:

    condition  condition and condition | condition or condition | not condition | (condition)
               | value < value         also <= > >= == != and chains, such as 0 < x <= 1
               | value in [CONSTANT, ...]   also not in
               | feature is missing         also is not missing
    value      feature | CONSTANT | -value | value + value    also - * / %
    feature    NAME | feature("a name with spaces")
    CONSTANT   a number or a "text"

A feature is a raw one, with one value a record. Where a value is missing (NaN is, too), no
comparison holds, and so `not` of one does.
"""

from __future__ import annotations

import ast
import dataclasses
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.expression import parse_expression
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
else:
    np = lazy_import("numpy")

Kind = Literal["number", "text", "unknown"]

_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


@dataclasses.dataclass(frozen=True)
class Column:
    """The values of a feature or of a part of a condition.

    Attributes:
        values: [records] of int64, float64 or str; or one constant.
        known: Where there is a value, bool [records] or [].
    """

    values: Any
    known: Any


def check_condition(text: str) -> str:
    """Returns `text` if it is a condition.

    Raises:
        ValueError: It is none; the text says what is wrong, and what is allowed.
    """
    node = _parse(text)
    _check_truth(node)
    if not names_of(text):
        raise ValueError("the condition names no feature")
    return text


def names_of(text: str) -> tuple[str, ...]:
    """Returns the raw features that a condition names, in the order in which they appear."""
    found: dict[str, None] = {}

    def visit(node: ast.AST) -> None:
        name = _name(node)
        if name is not None:
            found[name] = None
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(_without_missing(_parse(text)))
    return tuple(found)


def check_kinds(text: str, kinds: Mapping[str, Kind]) -> None:
    """Sees that the features of a condition are there, and that it compares like with like.

    Args:
        text: A checked condition.
        kinds: What each raw feature holds.

    Raises:
        SpecError: A feature is not among them, or a number is compared with a text.
    """
    for name in names_of(text):
        if name not in kinds:
            raise SpecError(
                f"There is no feature '{name}', which `where` names",
                "data.where",
                did_you_mean(name, kinds),
            )
    for node in ast.walk(_parse(text)):
        if isinstance(node, ast.Compare) and not _asks_for_missing(node):
            _check_comparison(node, kinds)


def holds(text: str, columns: Mapping[str, Column], records: int) -> npt.NDArray[np.bool_]:
    """Returns where a condition holds, bool [records].

    Args:
        text: A checked condition, which `check_kinds` has passed.
        columns: Each raw feature that it names.
        records: How many there are.
    """
    with np.errstate(all="ignore"):
        truth = _truth(_parse(text), columns)
    return np.broadcast_to(truth, [records])


def _parse(text: str) -> ast.expr:
    return parse_expression(text, "condition")


def _name(node: ast.AST) -> str | None:
    """Returns the feature that a node is; None if it is none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id="feature"), args=[ast.Constant(value=str(name))]):
            return name
    return None


def _asks_for_missing(node: ast.AST) -> bool:
    """Tells whether a comparison is ``... is missing``, or ``... is not missing``."""
    match node:
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Name(id="missing")]):
            return True
    return False


def _without_missing(node: ast.expr) -> ast.AST:
    """Returns a condition in which `missing` does not stand as if it were a feature."""

    class Left(ast.NodeTransformer):
        def visit_Compare(self, node: ast.Compare) -> ast.AST:
            return node.left if _asks_for_missing(node) else self.generic_visit(node)

    visited: ast.AST = Left().visit(node)
    return visited


def _refused(node: ast.AST) -> ValueError:
    return ValueError(
        f"'{ast.unparse(node)}' is not allowed in a condition; it has comparisons (< <= > >= == "
        '!= in, is missing) of features, numbers and "texts", joined by and, or, not'
    )


def _check_truth(node: ast.expr) -> None:
    """Refuses what is no condition."""
    match node:
        case ast.BoolOp(values=parts):
            for part in parts:
                _check_truth(part)
        case ast.UnaryOp(op=ast.Not(), operand=part):
            _check_truth(part)
        case ast.Compare(left=left) if _asks_for_missing(node):
            if _name(left) is None:
                raise ValueError(f"'{ast.unparse(left)}' is no feature, so it is never missing")
        case ast.Compare(left=left, ops=ops, comparators=others):
            _check_value(left)
            for op, other in zip(ops, others, strict=True):
                _check_operand(node, op, other)
        case _:
            raise _refused(node)


def _check_operand(node: ast.Compare, op: ast.cmpop, other: ast.expr) -> None:
    """Refuses what stands on the right of an operator and may not."""
    if type(op) in _ORDER:
        _check_value(other)
        return
    if not isinstance(op, ast.In | ast.NotIn):
        raise _refused(node)
    if not isinstance(other, ast.List | ast.Tuple) or not other.elts:
        raise ValueError(f"'in' takes a list, such as [1, 2]. Received: {ast.unparse(other)}")
    for element in other.elts:
        _check_value(element)
        if any(_name(part) is not None for part in ast.walk(element)):
            raise ValueError(f"A list has no feature. Received: {ast.unparse(other)}")


def _check_value(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("a condition has no True and no False; write 1 and 0")
        case ast.Constant(value=int() | float() | str()):
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check_value(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            _check_value(left)
            _check_value(right)
        case _ if _name(node) is not None:
            return
        case _:
            raise _refused(node)


def _check_comparison(node: ast.Compare, kinds: Mapping[str, Kind]) -> None:
    for left, other in zip([node.left, *node.comparators], node.comparators, strict=False):
        elements = other.elts if isinstance(other, ast.List | ast.Tuple) else [other]
        for element in elements:
            found = _kind(left, kinds), _kind(element, kinds)
            if found[0] != found[1] and "unknown" not in found:
                texts = ast.unparse(left), ast.unparse(element)
                raise SpecError(
                    f"`where` compares {texts[0]}, a {found[0]}, with {texts[1]}, a {found[1]}",
                    "data.where",
                    'A text stands in quotes: `payment == "Cash"`; a number stands without.',
                )


def _kind(node: ast.expr, kinds: Mapping[str, Kind]) -> Kind:
    """Returns what a value is.

    Raises:
        SpecError: It is a sum of texts, or another result that there is not.
    """
    name = _name(node)
    if name is not None:
        return kinds[name]
    if isinstance(node, ast.Constant):
        return "text" if isinstance(node.value, str) else "number"
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr) and _kind(part, kinds) == "text":
            raise SpecError(
                f"`where` computes with {ast.unparse(part)}, a text, in {ast.unparse(node)}",
                "data.where",
                "Compute with numbers.",
            )
    return "number"


def _truth(node: ast.expr, columns: Mapping[str, Column]) -> Any:
    """Returns where a condition holds, bool [records] or []."""
    match node:
        case ast.BoolOp(op=op, values=parts):
            join = np.logical_and if isinstance(op, ast.And) else np.logical_or
            return join.reduce(np.broadcast_arrays(*(_truth(part, columns) for part in parts)))
        case ast.UnaryOp(operand=part):
            return np.logical_not(_truth(part, columns))
        case ast.Compare(left=left, ops=[op], comparators=_) if _asks_for_missing(node):
            known = _value(left, columns).known
            return np.logical_not(known) if isinstance(op, ast.Is) else known
        case ast.Compare(left=left, ops=ops, comparators=others):
            pairs = zip([left, *others], ops, others, strict=False)
            found = [_compare(_value(a, columns), op, b, columns) for a, op, b in pairs]
            return np.logical_and.reduce(np.broadcast_arrays(*found))
    raise _refused(node)


def _compare(left: Column, op: ast.cmpop, other: ast.expr, columns: Mapping[str, Column]) -> Any:
    if isinstance(other, ast.List | ast.Tuple):
        among = [left.values == _value(element, columns).values for element in other.elts]
        found = np.logical_or.reduce(among)
        return left.known & (np.logical_not(found) if isinstance(op, ast.NotIn) else found)
    right = _value(other, columns)
    return left.known & right.known & _ORDER[type(op)](left.values, right.values)


def _value(node: ast.expr, columns: Mapping[str, Column]) -> Column:
    name = _name(node)
    if name is not None:
        return columns[name]
    match node:
        case ast.Constant(value=constant):
            return Column(np.asarray(constant), np.asarray(True))
        case ast.UnaryOp(operand=operand):
            column = _value(operand, columns)
            return Column(-column.values, column.known)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, columns), _value(right, columns)
            values = _ARITHMETIC[type(op)](np.float64(a.values), np.float64(b.values))
            return Column(values, a.known & b.known & np.isfinite(values))
    raise _refused(node)
