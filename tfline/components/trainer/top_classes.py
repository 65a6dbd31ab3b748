"""The most probable classes beside the one that is answered: the key `top_k:` of a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    Outputs = dict[str, tf.Tensor]
else:
    tf = lazy_import("tensorflow")

PROBABILITIES = "probabilities"


def check_top(top_k: int, task: Task | None, classes: Sequence[str] | None) -> None:
    """Refuses more classes than there are, and those of a label that has none.

    Args:
        top_k: How many are told.
        task: What the label asks for; None: not known yet.
        classes: Their names; None: not known yet.

    Raises:
        SpecError: They cannot be told.
    """
    if task is not None and not (task.one_class and task.output == PROBABILITIES):
        raise SpecError(
            f"A {task.name} label has no most probable classes",
            "top_k",
            "Take it out; it is for labels of one of several classes.",
        )
    if classes is not None and top_k > len(classes):
        raise SpecError(
            f"There are {len(classes)} classes. Received: top_k={top_k}",
            "top_k",
            f"Write {len(classes)} at most.",
        )


def with_top(answer: Mapping[str, tf.Tensor], top_k: int) -> Outputs:
    """Adds the most probable classes to an answer.

    Args:
        answer: Has ``probabilities`` float32 and ``classes`` string, [batch, k].
        top_k: How many.

    Returns:
        The answer, with ``top_classes`` string and ``top_probabilities`` float32, [batch, top_k],
        the most probable first.
    """
    probabilities, places = tf.math.top_k(answer[PROBABILITIES], top_k)
    names = tf.gather(answer["classes"], places, batch_dims=1)
    return {**answer, "top_classes": names, "top_probabilities": probabilities}
