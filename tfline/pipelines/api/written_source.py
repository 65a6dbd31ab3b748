"""A function or a class of a notebook as the source of a module that can stand alone."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import symtable
import sys
import textwrap
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tfline.transforms.errors import SpecError

_CONSTANTS = (str, bytes, int, float, bool, complex, type(None), tuple, list, dict, set, frozenset)


def is_importable(code: Any) -> bool:
    """Returns whether other processes find a function or a class under its module and name."""
    module = sys.modules.get(code.__module__)
    if code.__module__ == "__main__" or getattr(module, code.__qualname__, None) is not code:
        return False
    return module is not None and getattr(module, "__spec__", None) is not None


def write_source(code: Any) -> str:
    """Returns the source of a module that defines a function or a class as it is now.

    Raises:
        SpecError: It, or something that it uses, cannot be written as source.
    """
    writer = _Writer(code.__name__)
    writer.add(code)
    doc = f'"""`{code.__name__}` of a notebook, as it was when the pipeline was made."""'
    return "\n\n".join([doc, *writer.imports, *writer.constants, *writer.definitions]) + "\n"


class _Writer:
    """Collects what a function needs: first what it uses, then itself."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._known: dict[str, Any] = {}
        self.imports: list[str] = []
        self.constants: list[str] = []
        self.definitions: list[str] = []

    def add(self, code: Any) -> None:
        """Adds a function or a class, and whatever it uses."""
        name = code.__name__
        if self._known.get(name) is code:
            return
        self._known[name] = code
        self._check(code)
        source = _source_of(code, self._refusal)
        namespace = _globals_of(code)
        for used in _used_names(source):
            if used in namespace:
                self._use(used, namespace[used])
        self.definitions.append(source)

    def _use(self, name: str, value: Any) -> None:
        if name in self._known:
            return
        if isinstance(value, ModuleType):
            self._known[name] = value
            self.imports.append(f"import {value.__name__} as {name}")
        elif isinstance(value, type | FunctionType) and is_importable(value):
            self._known[name] = value
            self.imports.append(f"from {value.__module__} import {value.__qualname__} as {name}")
        elif isinstance(value, type | FunctionType):
            if value.__name__ != name:
                raise self._refusal(f"`{name}` is another name of `{value.__name__}`")
            self.add(value)
        else:
            self._known[name] = value
            self._add_constant(name, value)

    def _add_constant(self, name: str, value: Any) -> None:
        module = getattr(value, "__module__", None)
        if isinstance(module, str) and getattr(sys.modules.get(module), name, None) is value:
            self.imports.append(f"from {module} import {name}")  # such as typing.Any
            return
        text = repr(value)
        if isinstance(value, _CONSTANTS) and _reads_back(text, value):
            self.constants.append(f"{name} = {text}")
            return
        raise self._refusal(f"it uses `{name}`, a {type(value).__name__} of the notebook")

    def _check(self, code: Any) -> None:
        if code.__name__ == "<lambda>":
            raise self._refusal("a lambda has no name")
        if "<locals>" in code.__qualname__:
            raise self._refusal("it is defined inside another function, whose variables it may use")

    def _refusal(self, reason: str) -> SpecError:
        return SpecError(
            f"The function '{self._name}' cannot be used by other processes: {reason}",
            hint="Put it into a module (a .py file beside the notebook) and import it from there; "
            "numbers and texts can be its keyword arguments.",
        )


def _reads_back(text: str, value: Any) -> bool:
    try:
        return bool(ast.literal_eval(text) == value)
    except (ValueError, SyntaxError):
        return False


def _source_of(code: Any, refusal: Any) -> str:
    """Returns the text of a function or a class, decorators and all."""
    body = inspect.unwrap(code).__code__ if isinstance(code, FunctionType) else _code_of_class(code)
    lines = linecache.getlines(body.co_filename) if body is not None else []
    if not lines:
        raise refusal("its source is not known")
    kinds = ast.ClassDef if isinstance(code, type) else (ast.FunctionDef | ast.AsyncFunctionDef)
    found = [
        node
        for node in ast.walk(ast.parse("".join(lines)))
        if isinstance(node, kinds) and node.name == code.__name__ and _holds(node, body)
    ]
    if not found:
        raise refusal("its source has changed since it was defined")
    node = found[-1]
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return textwrap.dedent("".join(lines[first - 1 : node.end_lineno])).rstrip()


def _holds(node: Any, body: CodeType) -> bool:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return bool(first <= body.co_firstlineno <= node.end_lineno)


def _code_of_class(code: type) -> Any:
    """Returns the code of a method of a class, which knows the file; None if it has none."""
    values = (getattr(value, "__func__", value) for value in vars(code).values())
    return next((value.__code__ for value in values if isinstance(value, FunctionType)), None)


def _globals_of(code: Any) -> dict[str, Any]:
    if isinstance(code, FunctionType):
        namespace: dict[str, Any] = inspect.unwrap(code).__globals__
        return namespace
    return vars(sys.modules[code.__module__])


def _used_names(source: str) -> list[str]:
    """Returns the global names that a source refers to and does not define itself."""
    table = symtable.symtable(source, "<notebook>", "exec")
    defined = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    used = dict.fromkeys(_references(table))
    return [name for name in used if name not in defined and not hasattr(builtins, name)]


def _references(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _references(child)
