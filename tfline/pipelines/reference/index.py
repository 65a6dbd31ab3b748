"""All entries of the reference, and how one is found by its name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from functools import cache

from tfline.pipelines.reference import choices, commands, data, flags, functions, keys, metrics
from tfline.pipelines.reference.entry import Entry, Makers
from tfline.transforms.errors import SpecError, did_you_mean


@dataclasses.dataclass(frozen=True)
class Kind:
    """What entries are listed together.

    Attributes:
        title: The heading of the list.
        text: What it is a list of.
        makers: Returns their names, each with what makes its entry.
    """

    title: str
    text: str
    makers: Callable[[], Makers]


KINDS: Mapping[str, Kind] = {
    "key": Kind(
        "The spec",
        "Every key of a spec. A key of a section is written `section.key`, as in "
        "`--set train.epochs=3`; NAME stands for a name of yours.",
        keys.keys,
    ),
    "transform": Kind(
        "Transforms",
        "What makes a tensor of a raw feature. A chain must fit together: a step takes what the "
        "one before it gives.",
        functions.transforms,
    ),
    "model": Kind("Models", "What `model` can name, with their arguments.", functions.models),
    "loss": Kind(
        "Losses", "What `train.loss` can name; left out, the task has its own.", choices.losses
    ),
    "optimizer": Kind("Optimizers", "What `train.optimizer` can name.", choices.optimizers),
    "schedule": Kind(
        "Schedules", "What `train.schedule` can name: how the rate changes.", choices.schedules
    ),
    "metric": Kind(
        "Metrics", "What the Evaluator can measure, bound and compare.", metrics.metrics
    ),
    "command": Kind(
        "Commands",
        "Exit codes: 0 done; 1 an error inside tfline or the stack; 2 "
        "something that you can mend; 3 the run went through, and the model is not "
        "blessed; 130 interrupted.",
        commands.commands,
    ),
    "dataset": Kind("Data sets", "What `tfline data` can write.", data.datasets),
    "pipeline": Kind(
        "Catalog", "Specs that ship with tfline: their name does in place of a file.", data.catalog
    ),
    "flag": Kind(
        "Flags of the server",
        "Those of `tensorflow_model_server`: `python -m tfline.serving.server --NAME=VALUE`, or "
        "`tfline serve SPEC --flag NAME=VALUE`.",
        flags.flags,
    ),
}
"""The kinds of entries, in the order in which they are listed."""


@cache
def names() -> Mapping[str, Makers]:
    """Returns the names of each kind, with what makes their entries."""
    return {kind: of_kind.makers() for kind, of_kind in KINDS.items()}


def entries_of(kind: str) -> list[Entry]:
    """Returns all entries of a kind."""
    return [make() for make in names()[kind].values()]


def find(name: str) -> list[Entry]:
    """Returns the entries called `name`; a name may be that of a transform and of a metric.

    Args:
        name: Of an entry. In the place of NAME in a key, any name will do.

    Raises:
        SpecError: There is none.
    """
    wanted = name.strip().removeprefix("--")
    known = [(kind, found, make) for kind, of in names().items() for found, make in of.items()]
    found = [make() for kind, candidate, make in known if _matches(kind, candidate, wanted)]
    if found:
        return found
    ends = sorted({found for _, found, _ in known if found.rpartition(".")[2] == wanted})
    if ends:
        hint = f"Did you mean {' or '.join(map(repr, ends))}?"
    else:
        nearest = did_you_mean(wanted, {found for _, found, _ in known}).partition("Known:")[0]
        hint = f"{nearest}`tfline help` lists all names."
    raise SpecError(f"There is no '{wanted}'", hint=hint)


def _matches(kind: str, name: str, wanted: str) -> bool:
    if kind != "key" or "NAME" not in name:
        return name == wanted
    return re.fullmatch(re.escape(name).replace("NAME", r"[^.]+"), wanted) is not None
