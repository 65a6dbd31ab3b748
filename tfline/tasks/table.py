"""The tasks, and how a spec names one."""

from __future__ import annotations

from collections.abc import Mapping

from tfline.tasks.classes import Binary, Multiclass, Multilabel
from tfline.tasks.images import Box, Mask
from tfline.tasks.numbers import Forecast, Regression
from tfline.tasks.objects import Objects
from tfline.tasks.ordinal import Ordinal
from tfline.tasks.task import Task
from tfline.tasks.text import Text
from tfline.tasks.whole_image import Image
from tfline.transforms.dotted import find_function
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import LabelSpec
from tfline.transforms.value_counts import Taken

TASKS: Mapping[str, Task] = {
    "binary": Binary("binary"),
    "multiclass": Multiclass("multiclass"),
    "ordinal": Ordinal("ordinal"),
    "multilabel": Multilabel("multilabel"),
    "regression": Regression("regression"),
    "forecast": Forecast("forecast"),
    "text": Text("text"),
    "box": Box("box"),
    "boxes": Objects("boxes"),
    "mask": Mask("mask"),
    "image": Image("image"),
}
"""What a label may ask for: one of two classes, one of several, one of several that are in an
order, any number of several, one or more numbers, the next values of a series, a text, a class and
the box around it, any number of these, the class of each pixel, or an image."""


def find_task(name: str) -> Task:
    """Returns a task.

    Args:
        name: A name of `TASKS`, or the dotted path of the user's own class.

    Raises:
        SpecError: There is no such task.
    """
    if name in TASKS:
        return TASKS[name]
    if "." not in name:
        hint = did_you_mean(name, TASKS)
        raise SpecError(f"Unknown task '{name}'", "label.task", hint)
    found = find_function(name, {}, "task")
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise SpecError(
            f"'{name}' is no task",
            "label.task",
            "Derive it from `tfline.tasks.task.Task`, or from a task that is alike, such as "
            "`tfline.tasks.classes.Multiclass`.",
        )
    return found(name)


def known_task(label: LabelSpec) -> Task | None:
    """Returns the task of a label; None if only the data tells it."""
    if label.task is not None:
        return find_task(label.task)
    if label.classes is None:
        return None
    return TASKS["binary" if len(label.classes) == 2 else "multiclass"]


def label_keys(label: LabelSpec) -> tuple[str, ...]:
    """Returns the raw features that a label is read from."""
    task = known_task(label)
    return (label.key,) if task is None else task.keys(label)


def label_takes(label: LabelSpec) -> Taken:
    """Returns how many values a record has of the label, as far as the spec tells.

    A class may be a one-hot list; whether it is, the data tells.
    """
    task = known_task(label)
    if task is None or task.one_class:
        return "vector"
    return next(iter(task.takes(label).values()))


def check_label(label: LabelSpec) -> LabelSpec:
    """Checks what a spec says of its label.

    Raises:
        ValueError: A field is that of another task, or one is missing.
        SpecError: There is no such task.
    """
    task = None if label.task is None else find_task(label.task)
    fields = {"classes"} if task is None else task.fields
    for name in ("targets", "classes", "shape", "horizon", "steps", "series", "length",
                 "top_k", "marks"):  # fmt: skip
        if getattr(label, name) != type(label).model_fields[name].default and name not in fields:
            fitting = [known for known, other in TASKS.items() if name in other.fields]
            raise ValueError(
                f"`{name}` is for a label of the task {' or '.join(fitting)}. "
                f"Received: task {label.task}"
            )
    if isinstance(label.transform, str) and task is not None and "transform" not in fields:
        raise ValueError(
            f"`transform: {label.transform}` is for a number to predict. Received: task "
            f"{label.task}"
        )
    if task is not None:
        task.check(label)
    return label
