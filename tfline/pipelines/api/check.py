"""What a pipeline would do, as `tfline check` prints it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from tfline.pipelines.spec import PipelineSpec


@dataclasses.dataclass(frozen=True)
class Check:
    """A spec that fits its data.

    Attributes:
        spec: The spec.
        files: How many files each split has; ``files`` if they are to be split.
        classes: Of a label that has two, in words: which is the positive one. Empty of others.
    """

    spec: PipelineSpec = dataclasses.field(repr=False)
    files: Mapping[str, int]
    classes: str = ""

    def __str__(self) -> str:
        spec = self.spec
        lines = [
            f"{spec.name}: ok",
            f"  data       {', '.join(f'{n} file(s) in {name}' for name, n in self.files.items())}",
            f"  label      {spec.label.key}{f' ({self.classes})' if self.classes else ''}",
        ]
        for feature in spec.features:
            steps = " > ".join(step.transform for step in feature.steps)
            raw = ", ".join(feature.keys)
            source = "" if raw == feature.name else f" (from {raw})"
            lines.append(f"  feature    {feature.name}{source}: {steps}")
        rules = [f"{name} {bound}" for name, bound in _bounds(spec.evaluate.require)]
        return "\n".join(
            [
                *lines,
                f"  model      {spec.model.name}",
                f"  require    {', '.join(rules) or 'nothing'}",
                f"  push       {spec.push.to if spec.push else 'nowhere'}",
            ]
        )


def _bounds(require: object) -> list[tuple[str, str]]:
    """Returns each rule with its bounds in words."""
    if not isinstance(require, dict):
        return []
    return [
        (name, ", ".join(f"{side} {value}" for side, value in bound if value is not None))
        for name, bound in require.items()
    ]
