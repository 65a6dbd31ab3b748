"""Attention against the formula of its paper, written in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.transformer.attention import (
    MultiHeadAttention,
    causal_mask,
    padding_mask,
)
from tfline.transforms.errors import ModelError

UNITS, HEADS = 6, 2


def reference(
    layer: MultiHeadAttention, query: np.ndarray, memory: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    """MultiHead(Q, K, V) = Concat(softmax(Q K^T / sqrt(d_k)) V for each head) W^O, by loops."""
    wq, bq, wk, bk, wv, bv, wo, bo = [np.float64(weight) for weight in layer.get_weights()]
    size = UNITS // HEADS
    out = np.zeros((*query.shape[:2], UNITS))
    for b in range(len(query)):
        q, k, v = query[b] @ wq + bq, memory[b] @ wk + bk, memory[b] @ wv + bv
        for h in range(HEADS):
            part = slice(h * size, (h + 1) * size)
            for n in range(len(q)):
                scores = np.array([q[n, part] @ k[m, part] / np.sqrt(size) for m in range(len(k))])
                weights = np.where(mask[b, n], np.exp(scores), 0)
                out[b, n, part] = (weights / weights.sum()) @ v[:, part]
    return out @ wo + bo


@pytest.fixture(scope="module")
def layer() -> MultiHeadAttention:
    """A layer with random weights and biases, for a query and a memory of other widths."""
    layer = MultiHeadAttention(UNITS, HEADS)
    layer.build((None, None, 4), (None, None, 5))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=weight.shape) for weight in layer.weights])
    return layer


def tensors() -> tuple[np.ndarray, np.ndarray]:
    """A query of 3 steps and a memory of 7."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 7, 5))


def test_attention_equals_formula(layer: MultiHeadAttention) -> None:
    query, memory = tensors()
    everything = np.ones((2, 3, 7), bool)
    expected = reference(layer, query, memory, everything)
    np.testing.assert_allclose(layer(query, memory), expected, atol=1e-5)


def test_attention_with_mask_equals_formula(layer: MultiHeadAttention) -> None:
    query, memory = tensors()
    mask = np.random.default_rng(3).random((2, 3, 7)) < 0.6
    mask[..., 0] = True
    expected = reference(layer, query, memory, mask)
    np.testing.assert_allclose(layer(query, memory, mask), expected, atol=1e-5)


def test_masked_steps_change_nothing(layer: MultiHeadAttention) -> None:
    query, memory = tensors()
    mask = np.array([1, 1, 1, 1, 0, 0, 0], bool).reshape(1, 1, 7)
    changed = memory.copy()
    changed[:, 4:] = 1e6
    np.testing.assert_array_equal(layer(query, memory, mask), layer(query, changed, mask))
    np.testing.assert_allclose(
        layer(query, memory, mask), layer(query, memory[:, :4]), rtol=1e-5, atol=1e-6
    )


def test_step_that_may_look_nowhere_is_finite(layer: MultiHeadAttention) -> None:
    query, memory = tensors()
    assert np.isfinite(layer(query, memory, np.zeros((1, 1, 7), bool))).all()


def test_known_keys_and_values_give_the_same(layer: MultiHeadAttention) -> None:
    query, memory = tensors()
    projected = layer.project(keras.ops.convert_to_tensor(memory, "float32"))
    np.testing.assert_array_equal(layer.attend(query, projected), layer(query, memory))


def test_padding_mask_leaves_zeros_out() -> None:
    tokens = np.array([[5, 0, 2], [0, 0, 0]])
    expected = [[[True, False, True]], [[False, False, False]]]
    np.testing.assert_array_equal(padding_mask(tokens), expected)


def test_causal_mask_is_lower_triangle() -> None:
    np.testing.assert_array_equal(causal_mask(4), np.tril(np.ones((1, 4, 4), bool)))


def test_units_that_heads_cannot_share_are_refused() -> None:
    with pytest.raises(ModelError, match="units=10, heads=4") as error:
        MultiHeadAttention(10, 4)
    assert error.value.hint == "Try units=8."
