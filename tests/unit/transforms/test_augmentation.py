"""Augmentation: what each argument does, and that a seed decides all of it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfline.transforms.augmentation import augment

SEED = tf.constant([3, 4], tf.int64)


def image(count: int = 64) -> np.ndarray:
    x = np.zeros((count, 9, 9, 1), np.float32)
    x[:, 2, 6] = 1.0
    return x


def places(x: tf.Tensor) -> set[tuple[int, int]]:
    """Returns where the brightest pixel of each image is."""
    flat = tf.argmax(tf.reshape(x, [x.shape[0], -1]), axis=1).numpy()
    return {divmod(int(place), 9) for place in flat}


@pytest.mark.parametrize(
    ("flip", "expected"),
    [
        ("none", {(2, 6)}),
        ("horizontal", {(2, 6), (2, 2)}),
        ("vertical", {(2, 6), (6, 6)}),
        ("both", {(2, 6), (2, 2), (6, 6), (6, 2)}),
    ],
)
def test_flip_mirrors_some_of_the_images(flip, expected: set[tuple[int, int]]) -> None:
    assert places(augment(image(), SEED, flip=flip)) == expected


def test_shift_stays_within_its_share() -> None:
    found = places(augment(image(), SEED, shift=0.2))
    assert len(found) > 3
    assert {abs(row - 2) for row, _ in found} <= {0, 1, 2}
    assert {abs(column - 6) for _, column in found} <= {0, 1, 2}


def test_rotation_and_zoom_keep_the_middle() -> None:
    x = np.zeros((32, 9, 9, 1), np.float32)
    x[:, 4, 4] = 1.0
    changed = augment(x, SEED, rotate=180.0, zoom=0.5)
    assert places(changed) == {(4, 4)}
    assert len(places(augment(image(32), SEED, rotate=180.0))) > 5


def test_contrast_keeps_the_mean() -> None:
    x = np.random.default_rng(1).uniform(size=(8, 5, 5, 3)).astype(np.float32)
    changed = augment(x, SEED, contrast=0.5).numpy()
    assert np.abs(changed - x).max() > 0.05
    np.testing.assert_allclose(changed.mean(axis=(1, 2)), x.mean(axis=(1, 2)), rtol=1e-4)


def test_seed_decides_everything() -> None:
    def change(seed: tf.Tensor) -> np.ndarray:
        return augment(
            image(), seed, flip="both", shift=0.1, rotate=20.0, zoom=0.1, contrast=0.2
        ).numpy()

    np.testing.assert_array_equal(change(SEED), change(SEED))
    assert (change(SEED) != change(SEED + 1)).any()
