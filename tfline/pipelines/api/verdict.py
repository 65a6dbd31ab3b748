"""The verdict of a run: whether its model may go live, and why."""

from __future__ import annotations

import dataclasses
import html
from typing import Any


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What the Evaluator decided.

    Attributes:
        blessed: Whether the model may go live.
        headline: The decision in one sentence.
        reasons: What keeps it from going live; empty for a blessed model.
        rules: Each rule with its metric, slice, value, bounds and outcome, as in
            ``verdict.json``.
        override: Who lets the model go live against the verdict, and why; empty: nobody.
    """

    blessed: bool
    headline: str
    reasons: tuple[str, ...]
    rules: tuple[dict[str, Any], ...] = dataclasses.field(repr=False, default=())
    override: str = ""

    def __bool__(self) -> bool:
        return self.blessed

    def __str__(self) -> str:
        lines = [self._word, *(f"  - {reason}" for reason in self.reasons or (self.headline,))]
        return "\n".join([*lines, f"  {self.override}"] if self.override else lines)

    @property
    def _word(self) -> str:
        return "BLESSED" if self.blessed else "NOT BLESSED"

    def _repr_html_(self) -> str:
        colour = "#087f5b" if self.blessed else "#c92a2a"
        items = "".join(
            f"<li>{html.escape(reason)}</li>" for reason in self.reasons or (self.headline,)
        )
        override = f"<p>{html.escape(self.override)}</p>" if self.override else ""
        return f'<b style="color:{colour}">{self._word}</b><ul>{items}</ul>{override}'
