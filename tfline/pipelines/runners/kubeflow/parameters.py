"""The parameters of a compiled pipeline: those of a run, and those of the step Plan."""

from __future__ import annotations

import dataclasses

SPEC = "spec"
"""Parameter of Plan: the spec as JSON, its overrides applied."""

SCHEMA = "schema"
"""Parameter of Plan: the text of the curated schema."""

DATA_ROOT, SPAN, STEPS = "data_root", "span", "steps"


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter that is given to a run, in the user interface or by `tfline submit`.

    Attributes:
        kind: Its type in a pipeline spec.
        default: What the spec says.
        description: What it does.
    """

    kind: str
    default: str | int
    description: str


RUNTIME = {
    DATA_ROOT: Parameter("STRING", "", "What relative patterns of the spec's data are below."),
    SPAN: Parameter("NUMBER_INTEGER", -1, "The {SPAN} of the data; -1: the newest."),
    STEPS: Parameter("NUMBER_INTEGER", 0, "Training steps; 0: what the spec says."),
}
"""The parameters of a run."""
