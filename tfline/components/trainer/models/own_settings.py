"""The settings of `train` that models have which are not trained by gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfline.transforms.errors import SpecError

SETTINGS = frozenset(
    {
        "loss",
        "class_weights",
        "weight",
        "seed",
        "deterministic",
        "checkpoints",
        "cache",
        "interleave",
        "parallel_reads",
        "prefetch",
        "tensorboard",
    }
)
"""Those that all of them have; the others are of gradient descent."""


def check_settings(name: str, given: Iterable[str], instead: Mapping[str, str]) -> None:
    """Refuses settings of gradient descent.

    Args:
        name: Of the model.
        given: The settings of `train` that the spec gives.
        instead: What to do in the place of a setting.

    Raises:
        SpecError: For the first one; `where` is the key below the spec.
    """
    for setting in sorted(set(given) - SETTINGS):
        raise SpecError(
            f"{name} is not trained by gradient descent and has no `{setting}`",
            f"train.{setting}",
            instead.get(setting, "Take it out."),
        )
