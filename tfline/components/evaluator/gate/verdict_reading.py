"""Reads ``verdict.json``, also that of an older version. No NumPy here: a command reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE_NAME = "verdict.json"

OUTCOMES = {
    "passed": "passed",
    "failed": "failed",
    "not_proven": "not proven",
    "unknown": "unknown",
}
"""What becomes of a rule (see `verdict`), in words."""


def read_verdict(path: Path) -> dict[str, Any]:
    """Returns the content of a ``verdict.json`` in today's form.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no JSON.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return _from_format_1(content) if content.get("format", 1) == 1 else content


def describe_outcomes(outcomes: Mapping[str, int]) -> str:
    """Returns for example ``of 84 rules: 81 passed, 3 not proven``."""
    told = (f"{count} {OUTCOMES[outcome]}" for outcome, count in outcomes.items() if count)
    return f"of {sum(outcomes.values())} rules: {', '.join(told)}"


def _from_format_1(content: dict[str, Any]) -> dict[str, Any]:
    """The first format mixed what passed into the reasons, and knew ``passed`` and ``decides``."""
    rules = [_rule(rule) for rule in content["rules"]]
    outcomes = dict.fromkeys(OUTCOMES, 0)
    for rule in rules:
        outcomes[rule["outcome"]] += 1
    return {
        **content,
        "split": "eval",
        "after_selection": True,
        "headline": next(iter(content["reasons"]), ""),
        "reasons": [rule["reason"] for rule in rules if rule["blocks"]],
        "outcomes": outcomes,
        "comparison": [],
        "rules": rules,
    }


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    passed, decides = rule["passed"], rule["decides"]
    outcome = ("passed" if passed else "failed") if decides and passed is not None else "unknown"
    unknown = {"low": None, "high": None, "spec": ""}  # of a still older version
    return {**unknown, **rule, "outcome": outcome, "blocks": decides and not passed}
