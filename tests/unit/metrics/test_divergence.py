"""The divergence of two distributions, beside SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from tfline.metrics.divergence import jensen_shannon


def test_divergence_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random(12), rng.random(12)
    other[3] = 0
    assert jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, base=2) ** 2)
    assert jensen_shannon(one, one) == 0
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 2.0])) == 1
