"""What is wrong with a spec, in words: from pydantic's errors to those that people read."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pydantic

from tfline.pipelines.spec.document import Document
from tfline.pipelines.spec.feature_forms import FormError
from tfline.transforms.errors import SpecError, did_you_mean

Models = Sequence[type[pydantic.BaseModel]]


def explain_all(
    errors: Sequence[Any], document: Document, spec: type[pydantic.BaseModel]
) -> SpecError:
    """Returns one error for all of pydantic's: the first in words, the others in its hint.

    Args:
        errors: The items of `pydantic.ValidationError.errors`.
        document: Knows on which line each value was written.
        spec: The model of the whole document.
    """
    # A misspelt key comes first: it is why another one is missing.
    ordered = sorted(errors, key=lambda error: error["type"] != "extra_forbidden")
    best = _best_by_place(ordered, document)
    first, *others = [explain(error, document, spec) for error in best]
    more = [f"       also {other.where}: {other.message}" for other in others]
    hint = "\n  ".join([first.hint or _where_to_read(best[0]["loc"], spec), *more])
    return SpecError(first.message, first.where, hint)


def _best_by_place(errors: Sequence[Any], document: Document) -> list[Any]:
    """Returns the errors without those of forms that a value was not written in.

    A value that may have several forms fails by each of them; the form that it was written in is
    the one whose errors are not about its type.
    """
    by_place: dict[tuple[str | int, ...], list[Any]] = {}
    for error in errors:
        by_place.setdefault(_path(error, document), []).append(error)
    best = []
    for found in by_place.values():
        further = [error for error in found if not error["type"].endswith("_type")]
        best += (further or found)[:1] if len(found) > 1 else found
    return best


def _path(error: Any, document: Document) -> tuple[str | int, ...]:
    """Returns the path of an error as the document has it, and the key that it lacks."""
    loc = error["loc"]
    known = document.known(loc)
    return (*known, loc[-1]) if error["type"] == "missing" else known


def explain(error: Any, document: Document, spec: type[pydantic.BaseModel]) -> SpecError:
    """Translates one of pydantic's errors.

    Args:
        error: An item of `pydantic.ValidationError.errors`.
        document: Knows on which line each value was written.
        spec: The model of the whole document.
    """
    loc: tuple[str | int, ...] = error["loc"]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, FormError):
        return SpecError(str(cause), document.place((*loc, *cause.path)), cause.hint)
    place = document.place(loc)
    if error["type"] == "extra_forbidden":
        known = [key for model in _models_at(spec, loc[:-1]) for key in model.model_fields]
        return SpecError(f"Unknown key '{loc[-1]}'", place, did_you_mean(str(loc[-1]), known))
    if error["type"] == "missing":
        return SpecError(f"`{'.'.join(map(str, _path(error, document)))}` is missing", place)
    name = ".".join(map(str, _path(error, document) or loc)) or "the spec"
    received = "" if isinstance(error["input"], Mapping) else f". Received: {error['input']!r}"
    message = _in_words(error, _models_at(spec, loc)).rstrip(".")
    return SpecError(f"Invalid value for `{name}`. {message}{received}", place, _hint(error))


_WORDS = {
    "bool_type": "true or false",
    "float_type": "a number",
    "int_from_float": "an integer",
    "int_type": "an integer",
    "list_type": "a list",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""What is expected, in the words of YAML, by the type of pydantic's error."""

_SECTIONS = ("dict_type", "model_type")

_PATTERNS = {
    "^[a-z][a-z0-9_-]*$": "small letters, digits, _ and -, a letter first",
    "^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, _ and -, a letter or a digit first",
}


def _in_words(error: Any, models: Models) -> str:
    """Returns what was expected."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _SECTIONS:
        keys = ", ".join(dict.fromkeys(key for model in models for key in model.model_fields))
        return f"Expected a section with the keys {keys}" if keys else "Expected a section"
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"Expected {_PATTERNS.get(pattern, f'a text that matches {pattern}')}"
    if kind == "literal_error":
        return f"Expected {context['expected']}"
    if kind == "too_short":
        count = context["min_length"]
        return f"Expected {count} value{'s' if count > 1 else ''} at least"
    if kind in _WORDS:
        return f"Expected {_WORDS[kind]}"
    message: str = error["msg"]
    return message.removeprefix("Value error, ")


def _hint(error: Any) -> str:
    if error["type"] == "string_type" and isinstance(error["input"], bool):
        return 'YAML reads Yes, No, On and Off as true and false. Put quotes around them: "Yes".'
    if error["type"] == "string_type" and isinstance(error["input"], int | float):
        return f'Put quotes around it if it is a text: "{error["input"]}".'
    return ""


def _where_to_read(loc: Sequence[str | int], spec: type[pydantic.BaseModel]) -> str:
    """Returns the command that explains the nearest key of the reference: `data`, `data.split`."""
    key = str(loc[0]) if loc else ""
    if len(loc) > 1 and any(loc[1] in model.model_fields for model in _models_at(spec, loc[:1])):
        key = f"{key}.{loc[1]}"
    return f"`tfline help {key}` tells what there is to say." if key else "See `tfline schema`."


def _models_at(spec: type[pydantic.BaseModel], loc: Sequence[str | int]) -> Models:
    """Returns the models of the section at `loc`; those of the nearest one around it if none."""
    models: Models = [spec]
    for part in loc:
        named = [model for model in models if _name_of(model) == part]
        if named:
            models = named
            continue
        fields = [model.model_fields[str(part)] for model in models if part in model.model_fields]
        inner = [model for field in fields for model in _models(field.annotation)]
        models = inner or ([] if fields else models)
    return models


def _name_of(model: type[pydantic.BaseModel]) -> Any:
    """Returns the name that a spec chooses a model by, such as ``adam``; None if it has none."""
    name = model.model_fields.get("name")
    return None if name is None else name.default


def _models(annotation: Any) -> Iterator[type[pydantic.BaseModel]]:
    """Yields the models in an annotation such as ``Annotated[Model, ...] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models(inner)
