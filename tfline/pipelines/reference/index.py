"""All entries of the reference, and how one is found by its name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from tfline.pipelines.reference import choices, commands, data, flags, functions, keys, metrics
from tfline.pipelines.reference.entry import Entry
from tfline.transforms.errors import SpecError, did_you_mean


@dataclasses.dataclass(frozen=True)
class Kind:
    """What entries are listed together.

    Attributes:
        title: The heading of the list.
        text: What it is a list of.
        entries: Makes them.
    """

    title: str
    text: str
    entries: Callable[[], Sequence[Entry]]


KINDS: Mapping[str, Kind] = {
    "key": Kind(
        "The spec",
        "Every key of a spec. A key of a section is written `section.key`, as in "
        "`--set train.epochs=3`; NAME stands for a name of yours.",
        keys.entries,
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
        "Metrics", "What the Evaluator can measure, bound and compare.", metrics.entries
    ),
    "command": Kind("Commands", "Exit codes: 0 done; 1 an error inside tfline or the stack; 2 "
                    "something that you can mend; 3 the run went through, and the model is not "
                    "blessed; 130 interrupted.", commands.entries),
    "dataset": Kind("Data sets", "What `tfline data` can write.", data.datasets),
    "pipeline": Kind(
        "Catalog", "Specs that ship with tfline: their name does in place of a file.", data.catalog
    ),
    "flag": Kind(
        "Flags of the server",
        "Those of `tensorflow_model_server`, for `python -m tfline.serving.server --NAME=VALUE` and "
        "`tfline serve SPEC --flag NAME=VALUE`.",
        flags.entries,
    ),
}
"""The kinds of entries, in the order in which they are listed."""


@cache
def all_entries() -> tuple[Entry, ...]:
    """Returns every entry, kind by kind."""
    return tuple(entry for kind in KINDS.values() for entry in kind.entries())


def find(name: str) -> tuple[Entry, ...]:
    """Returns the entries called `name`; a name may be a transform and a metric.

    Args:
        name: Of an entry. In the place of NAME in a key, any name will do.

    Raises:
        SpecError: There is none.
    """
    wanted = name.strip().removeprefix("--")
    found = tuple(entry for entry in all_entries() if _matches(entry, wanted))
    if found:
        return found
    names = {entry.name for entry in all_entries()}
    ends = sorted(known for known in names if known.rpartition(".")[2] == wanted)
    if ends:
        raise SpecError(
            f"There is no '{wanted}'", hint=f"Did you mean {' or '.join(map(repr, ends))}?"
        )
    hint = did_you_mean(wanted, names).partition("Known:")[0]
    raise SpecError(
        f"There is no '{wanted}'", hint=f"{hint}`tfline help` lists all names.".strip()
    )


def _matches(entry: Entry, wanted: str) -> bool:
    if entry.name == wanted:
        return True
    if entry.kind != "key" or "NAME" not in entry.name:
        return False
    return re.fullmatch(re.escape(entry.name).replace("NAME", r"[^.]+"), wanted) is not None
