"""What the languages of formulas and of conditions have in common: Python's expressions, read."""

from __future__ import annotations

import ast

MOST_NODES = 200
"""An expression with more parts than this is a program."""


def parse_expression(text: str, what: str) -> ast.expr:
    """Returns the tree of an expression, which is never evaluated as Python.

    Args:
        text: The expression.
        what: What it is called in an error, such as ``formula``.

    Raises:
        ValueError: It is no expression of Python, or a program.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        reason = exc.msg if isinstance(exc, SyntaxError) else str(exc)
        raise ValueError(f"the {what} cannot be read: {reason}") from exc
    if sum(1 for _ in ast.walk(node)) > MOST_NODES:
        raise ValueError(f"the {what} has more than {MOST_NODES} parts")
    return node
