"""The section `beam:` of a spec: where the data steps run. Read with the spec: no Beam here."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field

from tfline.transforms.features import FrozenModel

Runner = Literal[
    "DirectRunner", "PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner", "PrismRunner"
]

_NEEDED: dict[Runner, tuple[str, ...]] = {
    "PortableRunner": ("job_endpoint",),
    "DataflowRunner": ("project", "region", "temp_location"),
}
"""What a runner cannot do without."""

Value = str | int | float | bool | Annotated[tuple[str, ...], Field(strict=False)]


class BeamSpec(FrozenModel):
    """How StatisticsGen, Transform and Evaluator run: on this machine, or on a cluster."""

    runner: Runner = Field(default="DirectRunner", description="Beam's runner.")
    options: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Value] = Field(
        default_factory=dict,
        description="Beam's pipeline options: {job_endpoint: 'flink:8099', parallelism: 8}.",
    )

    @pydantic.model_validator(mode="after")
    def _check_needed(self) -> Self:
        missing = [name for name in _NEEDED.get(self.runner, ()) if name not in self.options]
        if missing:
            raise ValueError(f"{self.runner} needs the option `{missing[0]}`")
        if "runner" in self.options:
            raise ValueError("`runner` is no option. Give it beside them")
        return self

    @property
    def arguments(self) -> list[str]:
        """The command line that Beam reads."""
        # Beam's DirectRunner first tries to download another runner, whatever it then runs on.
        runner = "FnApiRunner" if self.runner == "DirectRunner" else self.runner
        arguments = [f"--runner={runner}"]
        for name, value in self.options.items():
            if isinstance(value, bool):
                arguments += [f"--{name}"] if value else []
            elif isinstance(value, tuple):
                arguments += [f"--{name}={item}" for item in value]
            else:
                arguments.append(f"--{name}={value}")
        return arguments
