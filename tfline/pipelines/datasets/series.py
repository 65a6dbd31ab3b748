"""Sums of two sine waves with noise: 10,000 generated series to forecast from.

After A. Géron, Hands-On Machine Learning (2019), chapter 15: waves of random frequency and phase.
"""

from __future__ import annotations

from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits

STEPS = 50
"""How many values a series has."""

AHEAD = 10
"""How many values follow, to be forecast."""

_COUNTS = {"train": 8_000, "eval": 2_000}
_SEED = 42
_SWIFT = 0.5
"""From this share of its range on, the frequency of the larger wave counts as swift."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the series: `series` (50 floats), `ahead` (10 floats), `pace` (slow or swift).

    `following` (59 floats) is what follows the first value, for a forecast at every step.

    A value is 0.5 sin((t - a) (10 f + 10)) + 0.2 sin((t - b) (20 g + 20)) + noise, where t goes
    from 0 to 1 in the 60 steps, a, b, f and g are drawn from [0, 1) for each series, and the noise
    from [-0.05, 0.05) for each value. `pace` says whether f is above a half.

    Args:
        out_dir: Where ``train-*`` (8,000) and ``eval-*`` (2,000) go.
        source: Not used; the data is generated.

    Returns:
        The number of records by split.
    """
    import numpy as np

    del source
    rng = np.random.default_rng(_SEED)
    count = sum(_COUNTS.values())
    phase, frequency = rng.random((2, count, 2, 1))  # each [count, wave, 1]
    amplitude, base = np.array([[0.5], [0.2]]), np.array([[10.0], [20.0]])  # each [wave, 1]
    time = np.linspace(0, 1, STEPS + AHEAD)  # [60]
    waves = amplitude * np.sin((time - phase) * (base * frequency + base))  # [count, wave, 60]
    values = waves.sum(axis=1) + 0.1 * (rng.random((count, len(time))) - 0.5)  # [count, 60]
    swift = frequency[:, 0, 0] > _SWIFT
    records = [
        encode_example(
            {
                "series": row[:STEPS],
                "ahead": row[STEPS:],
                "following": row[1:],
                "pace": "swift" if is_swift else "slow",
            }
        )
        for row, is_swift in zip(values.tolist(), swift.tolist(), strict=True)
    ]
    train = _COUNTS["train"]
    return write_splits(out_dir, {"train": records[:train], "eval": records[train:]})
