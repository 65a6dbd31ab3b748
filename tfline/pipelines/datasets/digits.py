"""Handwritten digits: 1,797 grey images of 8 x 8 pixels, from scikit-learn.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998 (its test set), as shipped by ``sklearn.datasets.load_digits``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits

_EVAL_EVERY = 5
"""One record of so many of each class goes to the eval split."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes the digits: `image` (64 raw bytes, rows of 8 uint8) and `label` (int64, 0 to 9).

    Args:
        out_dir: Where ``train-*`` and ``eval-*`` go: 80 % and 20 % of each class.
        source: Not used; the data comes with scikit-learn.

    Returns:
        The number of records by split.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    del source
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)  # [1797, 8, 8], 0 to 255
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    seen: Counter[int] = Counter()
    for image, label in zip(images, digits.target.tolist(), strict=True):
        seen[label] += 1
        split = "eval" if seen[label] % _EVAL_EVERY == 0 else "train"
        splits[split].append(encode_example({"image": image.tobytes(), "label": label}))
    return write_splits(out_dir, splits)
