"""The decision threshold of a served model: one line of text among its assets.

The Trainer exports it, the Evaluator chooses it, the Pusher sets it in the version that goes live.
A SavedModel reads its assets when it is loaded, so that a threshold is set without exporting the
model again, and every server of the version decides by it.
"""

from __future__ import annotations

from collections.abc import Callable

FILE = "assets/decision_threshold.txt"
"""Where it is in a SavedModel."""

KEY = "threshold"
"""What stands before the number in the line; a tab is between them."""

DEFAULT = 0.5

PROPERTY = "threshold"
"""The property of a blessing that tells the Pusher what to set: text, for TFX rounds numbers."""


def threshold_text(threshold: float) -> str:
    """Returns the content of the file."""
    return f"{KEY}\t{threshold!r}\n"


def read_threshold(read: Callable[[], str]) -> float:
    """Returns the threshold of a model.

    Args:
        read: Returns the content of the file, or raises FileNotFoundError: a model without one
            decides by `DEFAULT`.

    Raises:
        ValueError: The file says something else.
    """
    try:
        text = read()
    except FileNotFoundError:
        return DEFAULT
    key, _, number = text.strip().partition("\t")
    if key != KEY:
        raise ValueError(f"Expected a line '{KEY}', a tab and a number. Received: {text!r}.")
    return float(number)
