"""Numbers whose products are those of a kernel: what makes of a linear model one with curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.transforms.kinds import Numbers, Vector
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")


def random_fourier(
    x: Numbers,
    *,
    components: Annotated[int, Field(ge=1, le=10_000)] = 100,
    gamma: Annotated[float, Field(gt=0)] | None = None,
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42,
) -> Vector:
    """Maps numbers to random waves, whose products are nearly a Gaussian kernel.

    A linear model of them, such as a support vector machine, is nearly one with the kernel
    exp(-gamma |a - b|^2) (Rahimi and Recht 2007, Random Features for Large-Scale Kernel Machines).
    Distances count: put `z_score` before it.

    Args:
        x: float64 [batch] or [batch, n].
        components: How many waves: more are nearer to the kernel.
        gamma: How narrow the kernel is; None: 1 / n.
        seed: Of the waves.

    Returns:
        float32 [batch, components]; a missing value counts as 0.
    """
    rows = tf.cast(x if x.shape.rank == 2 else x[:, tf.newaxis], tf.float64)  # [batch, n]
    n = rows.shape[1]
    chance = np.random.RandomState(seed)
    spread = math.sqrt(2 * (gamma or 1 / n))
    waves = spread * chance.normal(size=(n, components))
    offsets = chance.uniform(0, 2 * math.pi, size=components)
    known = tf.where(tf.math.is_finite(rows), rows, tf.zeros_like(rows))
    angles = tf.matmul(known, tf.constant(waves)) + offsets  # [batch, components]
    return tf.cast(math.sqrt(2 / components) * tf.cos(angles), tf.float32)
