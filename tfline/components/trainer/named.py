"""Settings that are chosen by name, with arguments: `adam`, or `{adam: {beta_1: 0.8}}`.

Each choice is a model of its own, whose field `name` has one value; its other fields are the
arguments. So the spec is checked, and completed in an editor, without the packages that compute.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

import pydantic
from pydantic import BeforeValidator, Field

from tfline.transforms.arguments import check_arguments
from tfline.transforms.dotted import find_function
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import FrozenModel

Made = TypeVar("Made")


class OwnCode(FrozenModel):
    """The user's own function or class, by its dotted path."""

    name: Literal["own"] = "own"
    path: str = Field(pattern=r"\.", description="The dotted path of a function or a class.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="Its keyword arguments.")

    @pydantic.model_validator(mode="after")
    def _check(self) -> OwnCode:
        """Imports the code; checks the arguments by its signature."""
        try:
            found = self.find()
            if isinstance(found, type):
                _check_constructor(found, self.path, self.arguments)
            else:
                check_arguments(found, self.arguments, where="")
        except SpecError as exc:
            raise ValueError(". ".join(filter(None, (exc.message, exc.hint)))) from exc
        return self

    def find(self) -> Any:
        """Returns the function or the class.

        Raises:
            SpecError: It cannot be imported.
        """
        return find_function(self.path, {}, "function")

    def make(self, kind: type[Made]) -> Made | Callable[..., Any]:
        """Returns an object of a class that is `kind`, or a function with its arguments.

        Raises:
            SpecError: The class is of another kind, or refuses its arguments.
        """
        found = self.find()
        if not isinstance(found, type):
            bound = functools.partial(found, **self.arguments)
            return functools.update_wrapper(bound, found)
        if not issubclass(found, kind):
            raise SpecError(f"'{self.path}' must be a {kind.__name__} of Keras, or a function")
        try:
            return found(**self.arguments)
        except (TypeError, ValueError) as exc:
            raise SpecError(f"'{self.path}' refuses its arguments: {exc}") from exc


def own_paths(value: Any) -> Iterator[str]:
    """Yields the dotted paths of the own code in a value, however deep it is."""
    if isinstance(value, OwnCode):
        yield value.path
    elif isinstance(value, pydantic.BaseModel):
        yield from own_paths(dict(value))
    elif isinstance(value, Mapping):
        yield from own_paths([*value.values()])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from own_paths(part)


def _check_constructor(made: type, path: str, arguments: Mapping[str, Any]) -> None:
    """Looks whether a class has such arguments; some are added later, so that others may miss.

    Raises:
        SpecError: It has not.
    """
    try:
        signature = inspect.signature(made)
    except (TypeError, ValueError):
        return  # a class whose constructor is not written in Python
    try:
        signature.bind_partial(**arguments)
    except TypeError as exc:
        raise SpecError(f"'{path}' refuses its arguments: {exc}") from exc


def read_own(value: Any) -> Any:
    """Reads ``my.code`` and ``{my.code: {argument: value}}`` as an `OwnCode`."""
    if isinstance(value, str):
        return {"path": value}
    if isinstance(value, Mapping) and len(value) == 1 and "path" not in value:
        [(path, arguments)] = value.items()
        return {"path": path, "arguments": arguments or {}}
    return value


def own_or(what: str, names: Any = None) -> BeforeValidator:
    """Returns the validator of a name, or of the user's own code in the forms of `read_own`.

    Args:
        what: What is named, for an error: ``activation``.
        names: The names, `Literal["a", "b"]`; None: there are none.
    """
    known = typing.get_args(names) if names else ()

    def read(value: Any) -> Any:
        if isinstance(value, str) and value not in known and "." not in value:
            raise ValueError(
                f"Unknown {what} '{value}'. {did_you_mean(value, known)}"
                if known
                else f"The {what} is the dotted path of your own code"
            )
        if isinstance(value, str) and value in known:
            return value
        try:
            return OwnCode.model_validate(read_own(value))
        except pydantic.ValidationError as exc:  # of a union, only what is wrong with this
            raise ValueError(exc.errors()[0]["msg"].removeprefix("Value error, ")) from exc

    return BeforeValidator(read, json_schema_input_type=str | dict[str, Any])


def short_forms(what: str, union: Any) -> BeforeValidator:
    """Returns the validator that reads the short forms of one of several models.

    Args:
        what: What they are, to be named in an error: ``optimizer``.
        union: The models, `A | B | C`, each with a field `name`.
    """
    models = {model.model_fields["name"].default: model for model in typing.get_args(union)}
    own = models.pop("own", None)

    def read(value: Any) -> Any:
        name: Any
        arguments: Any
        if isinstance(value, str):
            name, arguments = value, None
        elif isinstance(value, Mapping) and "name" in value:
            return value
        elif isinstance(value, Mapping) and len(value) == 1:
            name, arguments = next(iter(value.items()))
        else:
            return value
        if own is not None and "." in str(name):
            return {"name": "own", **read_own({name: arguments})}
        if name not in models:
            raise ValueError(f"Unknown {what} '{name}'. {did_you_mean(str(name), models)}")
        if arguments is None:
            return {"name": name}
        return {**arguments, "name": name} if isinstance(arguments, Mapping) else value

    forms: dict[str, Any] = {name: (model, None) for name, model in models.items()}
    config = pydantic.ConfigDict(extra="forbid", title=what)
    long = pydantic.create_model(what, __config__=config, **forms)
    names: Any = Literal[tuple(models)] if own is None else str  # type: ignore[valid-type]
    return BeforeValidator(read, json_schema_input_type=names | long | union)
