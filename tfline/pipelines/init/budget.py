"""How long models may be compared: 90s, 10m, 2h."""

from __future__ import annotations

import re

from tfline.transforms.errors import SpecError

_FORM = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|min|h)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600}


def read_budget(text: str) -> float:
    """Returns a budget in seconds.

    Raises:
        SpecError: It is no number with s, m or h, or nothing.
    """
    found = _FORM.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if seconds <= 0:
        raise SpecError(
            f"A budget is a time such as 90s, 10m or 2h. Received: {text!r}", "--budget"
        )
    return seconds
