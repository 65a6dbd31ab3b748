"""Arguments in a spec are checked against the signature of the function they are for.

A transform, a model builder or a metric declares its arguments once, as keyword-only parameters
with annotations (``buckets: Annotated[int, Field(ge=2)] = 10``). The same signature serves the
caller, the check when the spec is read, and the JSON Schema. Arguments that several functions share
are a `TypedDict` (PEP 692: ``**options: Unpack[LayerArguments]``).
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pydantic

from tfline.transforms.docstrings import read_docstring
from tfline.transforms.errors import SpecError, did_you_mean


def arguments_model(function: Callable[..., Any]) -> type[pydantic.BaseModel]:
    """Returns a strict pydantic model of the keyword-only parameters of `function`.

    Only their annotations are evaluated: a module may name TensorFlow's types in the others
    without importing it. A parameter without an annotation takes anything.

    Raises:
        SpecError: `function` cannot be called, or an annotation cannot be evaluated.
    """
    if not callable(function):
        raise SpecError(f"Expected a function. Received: {function!r}")
    try:
        return _arguments_model(function)
    except (NameError, AttributeError, ValueError, pydantic.errors.PydanticUserError) as exc:
        name, reason = getattr(function, "__name__", function), str(exc).split("\n")[0]
        raise SpecError(
            f"The arguments of '{name}' cannot be read: {reason}",
            hint="Annotate its keyword-only parameters with types that its module imports.",
        ) from exc


@cache
def _arguments_model(function: Callable[..., Any]) -> type[pydantic.BaseModel]:
    namespace = {**vars(typing), **getattr(inspect.unwrap(function), "__globals__", {})}
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD):
            continue
        annotation = parameter.annotation
        if annotation is inspect.Parameter.empty:
            annotation = Any
        if isinstance(annotation, str):
            annotation = eval(annotation, namespace)  # noqa: S307 - our own source, not input
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            fields |= _shared_fields(annotation)
        else:
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[parameter.name] = (annotation, default)
    config = pydantic.ConfigDict(extra="forbid", frozen=True)
    name = getattr(function, "__name__", "arguments")
    return pydantic.create_model(name, __config__=config, **fields)


def _shared_fields(annotation: Any) -> dict[str, Any]:
    """Returns the fields of ``Unpack[SomeTypedDict]``, each optional without a default."""
    if typing.get_origin(annotation) is not typing.Unpack:
        return {}
    [shared] = typing.get_args(annotation)
    hints = typing.get_type_hints(shared, include_extras=True)
    # A factory, so that the schema shows no default: it is that of the function.
    return {name: (hint, pydantic.Field(default_factory=object)) for name, hint in hints.items()}


def arguments_schema(function: Callable[..., Any]) -> dict[str, Any]:
    """Returns the JSON Schema of the keyword-only parameters of `function`.

    What an annotation says nothing of is described as in the section `Args` of the docstring.

    Raises:
        SpecError: See `arguments_model`.
    """
    schema = arguments_model(function).model_json_schema()
    docstring = read_docstring(inspect.unwrap(function).__doc__)
    schema["description"] = docstring.summary
    for name, field in schema.get("properties", {}).items():
        if name in docstring.arguments:
            field["description"] = docstring.arguments[name]
    return schema


def check_arguments(function: Callable[..., Any], arguments: Any, where: str) -> dict[str, Any]:
    """Checks `arguments` against the signature of `function`.

    Args:
        function: What the arguments are for.
        arguments: Name to value, as read from the spec.
        where: The place to name in an error.

    Returns:
        The arguments that were given, coerced to their declared types.

    Raises:
        SpecError: An argument is unknown, missing, of a wrong type or out of range; or the
            arguments are no mapping, or `function` is no function.
    """
    model = arguments_model(function)
    if not isinstance(arguments, Mapping):
        raise SpecError(
            f"The arguments of {model.__name__} are a mapping of names. Received: {arguments!r}",
            where,
        )
    try:
        checked = model.model_validate(dict(arguments))
    except pydantic.ValidationError as exc:
        error = exc.errors()[0]
        path = ".".join(str(part) for part in error["loc"])
        if error["type"] == "extra_forbidden":
            raise SpecError(
                f"{model.__name__} has no argument '{path}'",
                where,
                did_you_mean(path, model.model_fields),
            ) from exc
        if error["type"] == "missing":
            raise SpecError(f"{model.__name__} needs the argument '{path}'", where) from exc
        raise SpecError(
            f"Invalid value for `{path}` of {model.__name__}: "
            f"{error['msg'].removeprefix('Value error, ')}. Received: {path}={error['input']!r}",
            where,
        ) from exc
    return {name: getattr(checked, name) for name in arguments}
