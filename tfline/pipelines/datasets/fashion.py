"""Fashion-MNIST: 60,000 + 10,000 grey images of 28 x 28 pixels, ten kinds of clothing.

Source: H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747. The files have the IDX
layout of MNIST: a big-endian magic number, the sizes, then the bytes.
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from tfline.components.example_gen.example_proto import encode_example
from tfline.pipelines.datasets.splits import write_splits
from tfline.transforms.errors import DataError

_IMAGE_MAGIC, _LABEL_MAGIC = 0x803, 0x801
_SIDE = 28
_PIXELS = _SIDE * _SIDE
_CLASSES = 10
_SPLITS = {"train": ("train", 60_000), "eval": ("t10k", 10_000)}
"""Split -> prefix of its files, number of its records."""


def write(out_dir: Path, source: Path | None = None) -> dict[str, int]:
    """Writes Fashion-MNIST: `image` (784 raw bytes, rows of 28 uint8), `label` (int64, 0 to 9).

    Args:
        out_dir: Where ``train-*`` (60,000) and ``eval-*`` (10,000) go.
        source: The folder with the four ``*-ubyte.gz`` files; None: the cache of
            ``keras.datasets``.

    Returns:
        The number of records by split.

    Raises:
        DataError: A file is missing, or not what it should be.
    """
    folder = source or _keras_cache()
    return write_splits(
        out_dir,
        {split: _records(folder, prefix, count) for split, (prefix, count) in _SPLITS.items()},
    )


def _keras_cache() -> Path:
    """Returns the folder where ``keras.datasets.fashion_mnist`` keeps its downloads."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home) / "datasets" / "fashion-mnist"


def _records(folder: Path, prefix: str, count: int) -> Iterator[bytes]:
    """Yields the serialized tf.Examples of one split."""
    images = _read_idx(
        folder / f"{prefix}-images-idx3-ubyte.gz", (_IMAGE_MAGIC, count, _SIDE, _SIDE)
    )
    label_file = folder / f"{prefix}-labels-idx1-ubyte.gz"
    labels = _read_idx(label_file, (_LABEL_MAGIC, count))
    if max(labels) >= _CLASSES:
        raise DataError(
            f"Labels must be 0 to {_CLASSES - 1}. Received: {max(labels)}.", where=str(label_file)
        )
    for index, label in enumerate(labels):
        image = images[index * _PIXELS : (index + 1) * _PIXELS]
        yield encode_example({"image": image, "label": label})


def _read_idx(path: Path, header: tuple[int, ...]) -> bytes:
    """Returns the bytes of an IDX file, without its header.

    Args:
        path: The compressed file.
        header: The magic number and the sizes that it must begin with.

    Raises:
        DataError: The file is missing, damaged, or has another header or length.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except OSError as exc:
        raise DataError(
            f"Cannot read {path.name} of Fashion-MNIST: {exc.strerror or exc}.",
            where=str(path),
            hint="Name the folder with its four .gz files, or let Keras download them: "
            'python -c "import keras; keras.datasets.fashion_mnist.load_data()"',
        ) from exc
    except (EOFError, zlib.error) as exc:
        raise DataError(f"The gzip data is truncated or corrupt ({exc}).", where=str(path)) from exc
    layout = struct.Struct(f">{len(header)}I")
    found = layout.unpack_from(data) if len(data) >= layout.size else ()
    if found != header:
        raise DataError(
            f"The file is not the expected part of Fashion-MNIST: it must begin with the magic "
            f"number and sizes {list(header)}. Received: {list(found)}.",
            where=str(path),
        )
    values, expected = data[layout.size :], 1
    for size in header[1:]:
        expected *= size
    if len(values) != expected:
        raise DataError(
            f"The file must hold {expected:,} values. Received: {len(values):,}.", where=str(path)
        )
    return values
