"""The short and long forms in which a spec writes its label.

label: big_tipper                                       # a raw feature
label: {key: quality, task: regression}                 # with its task
label: {key: price, transform: log1p}                   # a number, and how it is scaled
label: {key: iso, task: text, transform: {split: {by: character}}}  # with a chain of transforms
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from tfline.pipelines.spec.feature_forms import FormError, check_links, read_steps
from tfline.tasks.table import TASKS, check_label
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import LabelSpec, Step, TargetTransform

_TARGET_TRANSFORMS: tuple[str, ...] = typing.get_args(TargetTransform)


def expand_label(form: Any) -> Any:
    """Returns what `LabelSpec` reads.

    Args:
        form: The section as read from YAML.

    Raises:
        FormError: The chain of transforms is malformed, or does not cut a text into tokens; or a
            number cannot be scaled so.
    """
    if isinstance(form, str):
        return {"key": form}
    if not isinstance(form, Mapping) or "transform" not in form:
        return form
    if _is_number(form):
        return {"task": "regression", **form, "transform": _target_transform(form["transform"])}
    steps = read_steps(form["transform"], ("transform",))
    _check_tokenization(steps)
    return {**form, "transform": steps}


def checked_label(label: LabelSpec) -> LabelSpec:
    """Returns a label that its task can read.

    Raises:
        FormError: There is no such task.
        ValueError: A field is that of another task, or one is missing.
    """
    try:
        return check_label(label)
    except SpecError as exc:
        raise FormError(exc.message, ("task",), exc.hint) from exc


def _is_number(form: Mapping[str, Any]) -> bool:
    """Tells whether `transform` says how a number is scaled: of a text, it is a chain."""
    if form.get("task") is None:
        return form["transform"] in _TARGET_TRANSFORMS
    task = str(form["task"])
    return task in TASKS and not TASKS[task].writes


def _target_transform(name: Any) -> str:
    if name not in _TARGET_TRANSFORMS:
        raise FormError(
            f"Unknown transform '{name}' of a label that is a number",
            ("transform",),
            did_you_mean(str(name), _TARGET_TRANSFORMS),
        )
    return str(name)


def _check_tokenization(steps: tuple[Step, ...]) -> None:
    if not steps:
        raise FormError(
            "A text needs one transform at least", ("transform",), "Leave `transform` out."
        )
    kinds = check_links(steps, ("transform",))
    if kinds[0].takes not in ("Strings", None):
        raise FormError(
            f"A text is no {kinds[0].takes}, which '{steps[0].transform}' takes",
            ("transform",),
            "Begin with `standardize` or `split`.",
        )
    if kinds[-1].gives not in ("Tokens", None):
        raise FormError(
            f"'{steps[-1].transform}' gives {kinds[-1].gives}; the text to write is made of Tokens",
            ("transform",),
            "End with `split`: its tokens are looked up in the vocabulary of the train split.",
        )
