"""Naive models beside a trained one: where the Trainer writes them for the Evaluator."""

from __future__ import annotations

FOLDER = "Format-Naive"
"""A SavedModel below a Model artifact, beside ``Format-Serving``; it is never pushed."""

OUTPUTS = {
    "constant": "the majority class, or the mean of the train split",
    "linear": "a linear model of the same features",
    "persistence": "the last value of the series",
    "seasonal": "the value of a season ago",
}
"""The outputs of its signature ``serving_default``, as far as the label has them, and what each
predicts: of classes probabilities, of numbers the numbers, all in the unit of the label."""
