"""Images that are predicted: how near they are to those that they should be.

labels float32 [n, numbers] and predictions float32 [n, height, width, channels], both from 0 to 1.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Self

from tfline.metrics.statistic import Decision, Statistic
from tfline.metrics.sums import ratio, totals, weight_of
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import numpy as np

    from tfline.metrics.arrays import Array, Floats, Integers
else:
    np = lazy_import("numpy")

MOST_DECIBELS = 100.0
"""The peak signal-to-noise ratio of images that are equal, which is infinite."""

_SIDE, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2
_AT_A_TIME = 256


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures(Statistic):
    """Sums over the examples, float64 [r], and their number.

    Attributes:
        decibels: Of the peak signal-to-noise ratio.
        similarity: Of the structural similarity.
        examples: How many there are.
    """

    decibels: Floats
    similarity: Floats
    examples: Integers

    @classmethod
    def of(
        cls, labels: Array, predictions: Floats, decision: Decision, weights: Array | None = None
    ) -> Self:
        """Compares each image with its label."""
        truth = labels.reshape(predictions.shape).astype(np.float64)
        guess = predictions.astype(np.float64)
        each = [decibels_of(truth, guess), similarity_of(truth, guess)]
        sums = totals(np.stack(each, axis=1), weights)
        return cls(sums[:, 0], sums[:, 1], weight_of(labels, weights))

    def __add__(self, other: Self) -> Self:
        """Adds the sums."""
        return type(self)(
            self.decibels + other.decibels,
            self.similarity + other.similarity,
            self.examples + other.examples,
        )


def decibels_of(truth: Floats, guess: Floats) -> Floats:
    """Returns 10 log10(1 / mean squared error) of each image [n, h, w, c], float64 [n]."""
    errors = np.square(truth - guess).mean(axis=(1, 2, 3))
    least = 10 ** (-MOST_DECIBELS / 10)
    decibels: Floats = -10 * np.log10(np.maximum(errors, least))
    return decibels


def similarity_of(truth: Floats, guess: Floats) -> Floats:
    """Returns the structural similarity of each image [n, h, w, c], float64 [n].

    Means and variances are those under a Gaussian of 11 pixels with a deviation of 1.5, wherever it
    lies within the image (Wang et al. 2004, Image Quality Assessment); of a smaller image the
    Gaussian is as large as its smaller side.
    """
    parts = range(0, len(truth), _AT_A_TIME)
    found = [_similarity(truth[at : at + _AT_A_TIME], guess[at : at + _AT_A_TIME]) for at in parts]
    return np.concatenate([np.zeros(0), *found])


def _similarity(truth: Floats, guess: Floats) -> Floats:
    kernel = _gaussian(min(_SIDE, *truth.shape[1:3]))
    mean_a, mean_b = _smoothed(truth, kernel), _smoothed(guess, kernel)
    squares = _smoothed(truth**2 + guess**2, kernel)
    product = _smoothed(truth * guess, kernel)
    both, apart = mean_a * mean_b, mean_a**2 + mean_b**2
    luminance = (2 * both + _C1) / (apart + _C1)
    structure = (2 * (product - both) + _C2) / (squares - apart + _C2)
    similar: Floats = (luminance * structure).mean(axis=(1, 2, 3))
    return similar


def _gaussian(side: int) -> Floats:
    away = np.arange(side) - (side - 1) / 2
    weights = np.exp(-(away**2) / (2 * _SIGMA**2))
    normal: Floats = weights / weights.sum()
    return normal


def _smoothed(images: Floats, kernel: Floats) -> Floats:
    """Returns the weighted means under a window, wherever it is within [n, h, w, c]."""
    for axis in (1, 2):
        windows = np.lib.stride_tricks.sliding_window_view(images, len(kernel), axis=axis)
        images = windows @ kernel
    return images


def psnr(pictures: Pictures) -> Floats:
    """Returns the mean peak signal-to-noise ratio, in decibels."""
    return ratio(pictures.decibels, pictures.examples)


def ssim(pictures: Pictures) -> Floats:
    """Returns the mean structural similarity."""
    return ratio(pictures.similarity, pictures.examples)
