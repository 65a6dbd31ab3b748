"""Handwritten digits: 1,797 grey images of 8 x 8 pixels, from scikit-learn.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998 (its test set), as shipped by ``sklearn.datasets.load_digits``.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections import Counter
from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits
from tfline.pipelines.environment import MEND
from tfline.transforms.errors import DataError

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

    del source
    with gzip.open(_shipped_file(), "rt") as file:
        table = np.loadtxt(file, delimiter=",")  # [1797, 65]: 64 pixels from 0 to 16, the digit
    images = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8)
    labels = table[:, -1].astype(np.int64)
    splits: dict[str, list[bytes]] = {"train": [], "eval": []}
    seen: Counter[int] = Counter()
    for image, label in zip(images, labels.tolist(), strict=True):
        seen[label] += 1
        split = "eval" if seen[label] % _EVAL_EVERY == 0 else "train"
        splits[split].append(encode_example({"image": image.tobytes(), "label": label}))
    return write_splits(out_dir, splits)


def _shipped_file() -> Path:
    """Returns the table in the scikit-learn package.

    The package itself is not imported: its releases do not keep up with NumPy's.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DataError(
            "The digits come with the package scikit-learn, which is not installed", hint=MEND
        )
    return Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
