"""The page of the Python API: what is promised, from its signatures and docstrings."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

from tfline.transforms.docstrings import Docstring, read_docstring

MODULES = ("tfline", "tfline.serving.client", "tfline.serving.async_client", "tfline.serving.errors")
"""Where the names are that a program may import."""

_WIDTH = 70


def page() -> str:
    """Returns the page in Markdown."""
    lines = ["# Python", "", "Importing these imports no TensorFlow.", ""]
    shown: set[int] = set()
    for name in MODULES:
        module = importlib.import_module(name)
        members = [(public, getattr(module, public)) for public in _names(module)]
        members = [(public, value) for public, value in members if id(value) not in shown]
        shown |= {id(value) for _, value in members}
        if members:
            lines += [f"## `{name}`", "", read_docstring(module.__doc__).summary, ""]
            lines += [line for public, value in members for line in _member(public, value)]
    return "\n".join(lines)


def _names(module: Any) -> list[str]:
    own = [name for name, value in vars(module).items() if _is_own(module, name, value)]
    return list(getattr(module, "__all__", own))


def _is_own(module: Any, name: str, value: Any) -> bool:
    defined_here = getattr(value, "__module__", "") == module.__name__
    return defined_here and inspect.isclass(value) and not name.startswith("_")


def _member(name: str, value: Any) -> Iterator[str]:
    if not callable(value):
        return
    yield from _described(f"### `{name}`", name, value)
    if inspect.isclass(value):
        for method, function in vars(value).items():
            if method.startswith("_"):
                continue
            if isinstance(function, property):
                summary = read_docstring(function.__doc__).summary
                yield from (f"`{name}.{method}`: {summary}", "")
            elif inspect.isfunction(inspect.unwrap(getattr(value, method))):
                yield from _described("", f"{name}.{method}", getattr(value, method))


def _described(heading: str, name: str, value: Any) -> Iterator[str]:
    docstring = read_docstring(value.__doc__)
    if heading:
        yield from (heading, "")
    yield from ("```python", f"{name}{_signature(value)}", "```", "", docstring.summary, "")
    if docstring.text:
        yield from (docstring.text, "")
    yield from _arguments(docstring)


def _arguments(docstring: Docstring) -> Iterator[str]:
    yield from (f"- `{name}`: {text}" for name, text in docstring.arguments.items())
    for title in ("Returns", "Raises"):
        if title in docstring.sections:
            yield f"- **{title}** {' '.join(docstring.sections[title].split())}"
    yield ""


def _signature(value: Any) -> str:
    """Returns the parameters and what is returned; one parameter a line, if they are long."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "()"
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    text = _unquoted(str(signature.replace(parameters=parameters)))
    if len(text) <= _WIDTH:
        return text
    returned = text.rpartition(")")[2]
    lines = [f"    {_unquoted(str(parameter))}," for parameter in parameters]
    first = next((n for n, p in enumerate(parameters) if p.kind == p.KEYWORD_ONLY), None)
    if first is not None:
        lines.insert(first, "    *,")
    return "\n".join(["(", *lines, f"){returned}"])


def _unquoted(text: str) -> str:
    """Returns a signature without the quotes around its annotations."""
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", text)
