"""Positional encodings against the formula of the paper."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.transformer.positions import (
    LearnedPositions,
    SinusoidalPositions,
    TokenEmbedding,
)
from tfline.transforms.errors import ModelError


def reference(positions: range, units: int) -> np.ndarray:
    """The formula, number by number."""
    table = np.zeros((len(positions), units))
    for row, position in enumerate(positions):
        for i in range(units // 2):
            angle = position / 10000 ** (2 * i / units)
            table[row, 2 * i], table[row, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return table


@pytest.mark.parametrize("start", [0, 40])
def test_sinusoids_equal_formula(start: int) -> None:
    x = np.random.default_rng(0).normal(size=(2, 50, 16)).astype(np.float32)
    encoded = SinusoidalPositions()(x, start=start)
    np.testing.assert_allclose(
        encoded - x, [reference(range(start, start + 50), 16)] * 2, atol=1e-5
    )


def test_sinusoids_of_odd_width_are_refused() -> None:
    with pytest.raises(ModelError, match="units=7"):
        SinusoidalPositions()(np.zeros((1, 3, 7), np.float32))


def test_learned_positions_are_rows_of_a_table() -> None:
    layer = LearnedPositions(10)
    x = np.zeros((2, 4, 3), np.float32)
    layer.build(x.shape)
    table = np.arange(30, dtype=np.float32).reshape(10, 3)
    layer.set_weights([table])
    np.testing.assert_array_equal(layer(x), [table[:4]] * 2)
    np.testing.assert_array_equal(layer(x, start=5), [table[5:9]] * 2)


def test_embedding_has_unit_variance() -> None:
    keras.utils.set_random_seed(0)
    embedded = np.asarray(TokenEmbedding(1000, 64)(np.arange(1000)[np.newaxis]))
    assert embedded.shape == (1, 1000, 64)
    assert embedded.var() == pytest.approx(1, abs=0.02)
