"""Peak signal-to-noise ratio and structural similarity, against TensorFlow's own."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfline.metrics.pictures import Pictures, psnr, similarity_of, ssim
from tfline.metrics.statistic import Decision

RNG = np.random.default_rng(0)
TRUTH = RNG.random((5, 14, 12, 3)).astype(np.float32)
GUESS = np.clip(TRUTH + RNG.normal(0, 0.1, TRUTH.shape), 0, 1).astype(np.float32)


def of(weights: np.ndarray | None = None) -> Pictures:
    return Pictures.of(TRUTH.reshape(5, -1), GUESS, Decision(0), weights)


def test_values_are_those_of_tensorflow() -> None:
    decibels = tf.image.psnr(TRUTH, GUESS, 1.0).numpy()
    similarity = tf.image.ssim(TRUTH, GUESS, 1.0).numpy()
    np.testing.assert_allclose(similarity_of(TRUTH, GUESS), similarity, rtol=1e-4)
    assert psnr(of()) == pytest.approx([decibels.mean()], rel=1e-5)
    assert ssim(of()) == pytest.approx([similarity.mean()], rel=1e-4)


def test_resamples_and_parts_add_up() -> None:
    weights = np.array([[1.0, 2.0], [1, 0], [1, 0], [1, 0], [1, 0]])
    whole, first = psnr(of(weights))
    assert whole == pytest.approx(psnr(of())[0])
    assert first == pytest.approx(tf.image.psnr(TRUTH[:1], GUESS[:1], 1.0).numpy()[0], rel=1e-5)
    parts = [
        Pictures.of(TRUTH[part].reshape(len(TRUTH[part]), -1), GUESS[part], Decision(0))
        for part in (slice(2), slice(2, 5))
    ]
    assert ssim(parts[0] + parts[1]) == pytest.approx(ssim(of()))


def test_equal_images_have_the_best_values_whatever_their_size() -> None:
    small = TRUTH[:, :4, :5]
    equal = Pictures.of(small.reshape(5, -1), small, Decision(0))
    assert psnr(equal) == pytest.approx([100.0])
    assert ssim(equal) == pytest.approx([1.0])
