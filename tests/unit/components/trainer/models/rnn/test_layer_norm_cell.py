"""The normalized cell against its formula in NumPy."""

from __future__ import annotations

import keras
import numpy as np

from tfline.components.trainer.models.rnn.layer_norm_cell import LayerNormCell

EPSILON = 1e-3
"""That of Keras's normalization."""


def test_cell_equals_formula() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 5, 3)).astype(np.float32)
    layer = keras.layers.RNN(LayerNormCell(4), return_sequences=True)
    layer.build(x.shape)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.get_weights()])
    w, u, b, gamma, beta = [np.float64(weight) for weight in layer.get_weights()]
    h, expected = np.zeros((2, 4)), []
    for t in range(5):
        z = x[:, t] @ w + h @ u + b
        mean, variance = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
        h = np.tanh((z - mean) / np.sqrt(variance + EPSILON) * gamma + beta)
        expected.append(h)
    np.testing.assert_allclose(layer(x), np.stack(expected, axis=1), atol=1e-5)
