"""The short and long forms in which a spec writes its label.

label: big_tipper                                       # a raw feature
label: {key: quality, task: regression}                 # with its task
label: {key: iso, task: text, transform: {split: {by: character}}}  # with a chain of transforms
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfline.pipelines.spec.feature_forms import FormError, check_links, read_steps
from tfline.transforms.features import Step


def expand_label(form: Any) -> Any:
    """Returns what `LabelSpec` reads.

    Args:
        form: The section as read from YAML.

    Raises:
        FormError: The chain of transforms is malformed, or does not cut a text into tokens.
    """
    if isinstance(form, str):
        return {"key": form}
    if not isinstance(form, Mapping) or "transform" not in form:
        return form
    steps = read_steps(form["transform"], ("transform",))
    _check_tokenization(steps)
    return {**form, "transform": steps}


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
