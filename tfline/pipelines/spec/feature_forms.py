"""The short and long forms in which a spec writes features.

features:
  z_score: [fare, trip_miles]                     # a transform and its raw features
  string_lookup: {features: [company], top_k: 50} # with arguments
  log_fare: {key: fare, transform: [log1p, z_score]}      # a feature under a name of its own
  place: {key: [latitude, longitude], transform: pca}     # of several raw features
  speed: {formula: miles / seconds, transform: z_score}   # of an expression over raw features
  image: {transform: [{decode_raw: {shape: [28, 28, 1]}}, rescale]}
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from tfline.transforms.arguments import arguments_schema, check_arguments
from tfline.transforms.augmentation import augment
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import FeatureSpec, Step
from tfline.transforms.formula import names_of
from tfline.transforms.kinds import Kinds, kinds_of
from tfline.transforms.table import SEVERAL, TRANSFORMS, resolve

_LONG_KEYS = ("key", "formula", "transform", "augment")


class FormError(ValueError):
    """A form that cannot be read; `path` leads to the place below ``features``."""

    def __init__(self, message: str, path: tuple[str | int, ...], hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.hint = hint


def expand_features(forms: Any) -> tuple[FeatureSpec, ...]:
    """Returns the features that a ``features:`` section describes.

    Args:
        forms: The section as read from YAML, or feature specs that are already expanded.

    Raises:
        FormError: A form is malformed, names an unknown transform, has a bad argument, or gives
            a name that another feature has.
    """
    if isinstance(forms, (tuple, list)):
        return tuple(FeatureSpec.model_validate(form) for form in forms)
    if not isinstance(forms, Mapping):
        raise FormError(f"Expected a mapping of transforms or names. Received: {forms!r}", ())
    if not forms:
        raise FormError("A model needs one feature at least", ())
    features: dict[str, FeatureSpec] = {}
    for path, feature in _expand(forms):
        if feature.name in features:
            raise FormError(
                f"The feature '{feature.name}' is there twice",
                path,
                "Give one of them a name of its own: "
                f"`{feature.name}_2: {{key: {feature.keys[0]}, transform: ...}}`.",
            )
        features[feature.name] = feature
    return tuple(features.values())


def features_json_schema() -> dict[str, Any]:
    """Returns the JSON Schema of a ``features:`` section, from the transforms' signatures."""
    names = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    shorts: dict[str, Any] = {}
    for name, function in TRANSFORMS.items():
        arguments = arguments_schema(function)
        properties = arguments.get("properties", {})
        summary = (function.__doc__ or "").strip().split("\n")[0]
        shorts[name] = {
            "description": summary,
            "anyOf": [
                names,
                {
                    "type": "object",
                    "properties": {"features": names, **properties},
                    "required": ["features", *arguments.get("required", [])],
                    "additionalProperties": False,
                },
            ],
        }
    return {
        "type": "object",
        "description": "Transform to raw features, or name to {key, transform}.",
        "properties": shorts,
        "additionalProperties": named_feature_json_schema(steps_json_schema()),
        "minProperties": 1,
    }


def named_feature_json_schema(steps: dict[str, Any]) -> dict[str, Any]:
    """Returns the JSON Schema of a feature under a name of its own.

    Args:
        steps: That of its chain; see `steps_json_schema`.
    """
    names = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {
        "type": "object",
        "properties": {
            "key": {
                "description": "The raw feature, or several; the name if left out.",
                "anyOf": [{"type": "string"}, names],
                "examples": [["latitude", "longitude"]],
            },
            "formula": {
                "type": "string",
                "description": "An expression over raw features, in place of `key`.",
                "examples": ["miles / hours"],
            },
            "transform": {"description": "A transform, or a list of them, in order.", **steps},
            "augment": {
                **arguments_schema(augment),
                "description": "What is done to images in training only.",
                "examples": [{"flip": "horizontal", "shift": 0.1}],
            },
        },
        "anyOf": [{"required": ["transform"]}, {"required": ["formula"]}],
        "additionalProperties": False,
    }


def steps_json_schema() -> dict[str, Any]:
    """Returns the JSON Schema of a step, or of a list of steps."""
    steps: list[dict[str, Any]] = [{"type": "string"}]
    for name, function in TRANSFORMS.items():
        arguments = arguments_schema(function)
        steps.append({"type": "object", "properties": {name: arguments}, "required": [name],
                      "additionalProperties": False})  # fmt: skip
    step = {"anyOf": steps}
    return {"anyOf": [step, {"type": "array", "items": step, "minItems": 1}]}


def _expand(forms: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], FeatureSpec]]:
    """Yields each feature with the path of its form."""
    for name, form in forms.items():
        if not isinstance(name, str):
            raise FormError(f"A transform or a feature is a name. Received: {name!r}", (name,))
        if isinstance(form, Mapping) and _is_named(form):
            yield (name,), _named(name, form)
        elif name in TRANSFORMS or "." in name:
            yield from _of_transform(name, form)
        elif isinstance(form, Mapping) and not set(form) - {*_LONG_KEYS}:
            raise FormError(f"The feature '{name}' has no transform", (name,),
                            "Write {transform: passthrough} to use it as it is.")  # fmt: skip
        else:
            hint = _turned_round(name, form) or did_you_mean(name, TRANSFORMS)
            raise FormError(f"Unknown transform '{name}'", (name,), hint)


def _turned_round(name: str, form: Any) -> str:
    """Returns what to write for ``feature: [transform]``; empty if that is not what it says."""
    links = form if isinstance(form, list) else [form]
    names = [next(iter(link), None) if isinstance(link, Mapping) else link for link in links]
    if not names or not all(isinstance(link, str) and link in TRANSFORMS for link in names):
        return ""
    if len(names) == 1 and links[0] == names[0]:
        return f"Features stand below their transform. Write `{names[0]}: [{name}]`."
    return f"A chain of transforms stands below `transform`. Write `{name}: {{transform: {form}}}`."


def _is_named(form: Mapping[str, Any]) -> bool:
    return "transform" in form or ("formula" in form and "features" not in form)


def _named(name: str, form: Mapping[str, Any]) -> FeatureSpec:
    """Reads ``name: {key: raw, transform: chain}``."""
    unknown = set(form) - {*_LONG_KEYS}
    if unknown:
        key = sorted(unknown)[0]
        raise FormError(f"Unknown key '{key}'", (name, key), did_you_mean(key, _LONG_KEYS))
    steps = _chain(name, form)
    keys = _keys(name, form, steps[0])
    _check_chain(steps, (name, "transform"))
    _check_number_of_keys(keys, steps[0], (name,))
    return FeatureSpec(name=name, keys=keys, steps=steps, augment=_augment(name, form, steps[-1]))


def _chain(name: str, form: Mapping[str, Any]) -> tuple[Step, ...]:
    """Returns the steps of a named feature; a formula is the first of them."""
    steps = read_steps(form.get("transform", []), (name, "transform"))
    if "formula" in form:
        formula = _step({"expression": {"formula": form["formula"]}}, (name, "formula"))
        return (formula, *steps)
    if not steps:
        raise FormError("A feature needs one transform at least", (name, "transform"))
    return steps


def _keys(name: str, form: Mapping[str, Any], first: Step) -> tuple[str, ...]:
    """Returns the raw features of a named feature; those of an expression are in its formula."""
    if first.transform == "expression":
        if "key" in form:
            raise FormError("A formula names its raw features itself", (name, "key"),
                            "Take `key` out.")  # fmt: skip
        return names_of(first.arguments["formula"])
    keys = form.get("key", name)
    keys = keys if isinstance(keys, list) else [keys]
    for key in keys:
        if not isinstance(key, str):
            raise FormError(f"`key` names a raw feature. Received: {key!r}", (name, "key"))
    if len(set(keys)) < len(keys) or not keys:
        raise FormError(f"`key` names different raw features. Received: {keys}", (name, "key"))
    return tuple(keys)


def _augment(name: str, form: Mapping[str, Any], last: Step) -> dict[str, Any] | None:
    """Returns the arguments of what is done to an image in training only."""
    if "augment" not in form:
        return None
    if kinds_of(resolve(last.transform)).gives not in ("Image", None):
        raise FormError("Only an image can be augmented", (name, "augment"),
                        f"'{last.transform}' gives none. Take `augment` out.")  # fmt: skip
    try:
        return check_arguments(augment, form["augment"], where="")
    except SpecError as exc:
        raise FormError(exc.message, (name, "augment"), exc.hint) from exc


def _of_transform(transform: str, form: Any) -> Iterator[tuple[tuple[str | int, ...], FeatureSpec]]:
    """Reads ``transform: [raw, ...]`` and ``transform: {features: [raw, ...], argument: ...}``."""
    arguments: dict[str, Any] = {}
    path: tuple[str | int, ...] = (transform,)
    if isinstance(form, Mapping):
        arguments = {key: value for key, value in form.items() if key != "features"}
        form = form.get("features")
        path = (transform, "features")
    if isinstance(form, str):
        form = [form]
    if not isinstance(form, list) or not form:
        raise FormError(f"`{transform}` takes a list of raw features. Received: {form!r}", path)
    step = _step({transform: arguments}, (transform,))
    if transform == "expression":
        raise FormError("A formula names its raw features itself", path,
                        "Write `name: {formula: ...}`.")  # fmt: skip
    _check_chain((step,), (transform,))
    _check_number_of_keys((transform,), step, (transform,))
    for index, key in enumerate(form):
        if not isinstance(key, str):
            raise FormError(f"A raw feature is a name. Received: {key!r}", (*path, index))
        yield (*path, index), FeatureSpec(name=key, keys=(key,), steps=(step,))


def read_steps(links: Any, path: tuple[str | int, ...]) -> tuple[Step, ...]:
    """Reads a step, or a list of steps.

    Raises:
        FormError: A step is malformed, names an unknown transform, or has a bad argument.
    """
    return tuple(_step(link, path) for link in (links if isinstance(links, list) else [links]))


def _step(link: Any, path: tuple[str | int, ...]) -> Step:
    """Reads ``name`` or ``{name: {argument: value}}``."""
    if isinstance(link, str):
        link = {link: {}}
    if not isinstance(link, Mapping) or len(link) != 1:
        raise FormError(f"A step is a name or {{name: {{arguments}}}}. Received: {link!r}", path)
    [(name, arguments)] = link.items()
    try:
        checked = check_arguments(resolve(name), {} if arguments is None else arguments, where="")
    except SpecError as exc:
        raise FormError(exc.message, path, exc.hint) from exc
    return Step(transform=name, arguments=checked)


def check_links(steps: tuple[Step, ...], path: tuple[str | int, ...]) -> list[Kinds]:
    """Returns what each step takes and gives.

    Raises:
        FormError: A step does not take what the one before it gives.
    """
    kinds = [kinds_of(resolve(step.transform)) for step in steps]
    for (before, step), (found, wanted) in zip(
        itertools.pairwise(steps), itertools.pairwise(kinds), strict=True
    ):
        if found.gives and wanted.takes and found.gives != wanted.takes:
            raise FormError(
                f"'{before.transform}' gives {found.gives}, but '{step.transform}' takes "
                f"{wanted.takes}",
                path,
                _continuations(found.gives),
            )
    return kinds


def _check_chain(steps: tuple[Step, ...], path: tuple[str | int, ...]) -> None:
    """Refuses a chain that does not fit together, or ends in what no model takes."""
    kinds = check_links(steps, path)
    if kinds[-1].gives in ("Strings", "Tokens", "Series"):
        raise FormError(
            f"'{steps[-1].transform}' gives {kinds[-1].gives}, which no model takes",
            path,
            _continuations(kinds[-1].gives),
        )


def _continuations(kind: str) -> str:
    following = [name for name, found in TRANSFORMS.items() if kinds_of(found).takes == kind]
    if not following:
        return f"{kind} end a chain."
    return f"{kind} are taken by: {', '.join(sorted(following))}."


def _check_number_of_keys(keys: tuple[str, ...], first: Step, path: tuple[str | int, ...]) -> None:
    """Refuses too few and too many raw features."""
    name = first.transform
    if name in SEVERAL:
        fewest, most = SEVERAL[name]
        if not fewest <= len(keys) <= most:
            count = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise FormError(
                f"`{name}` takes {count} raw features together. Received: {len(keys)}",
                path,
                f"Write `name: {{key: [a, b], transform: {name}}}`.",
            )
        components = first.arguments.get("components", 0)
        if components > len(keys):
            raise FormError(
                f"`{name}` finds at most as many components as there are raw features. "
                f"Received: components={components} for {len(keys)}",
                path,
            )
    elif len(keys) > 1 and kinds_of(resolve(name)).takes not in ("Numbers", None):
        raise FormError(f"`{name}` takes one raw feature. Received: {', '.join(keys)}", path)
