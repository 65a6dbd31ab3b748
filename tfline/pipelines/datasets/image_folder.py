"""Images: in folders, one folder a class, or by themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfline.components.example_gen import sniff
from tfline.components.example_gen.example_proto import Value
from tfline.transforms.errors import DataError


def read_images(folder: Path) -> Iterator[dict[str, Value]]:
    """Yields `image`, the bytes of the file as they are, and `label`, the name of its folder.

    The order looks random but is always the same: a model learns badly from images sorted by class.
    A folder that holds images alone, and no folder, has no labels: see `read_image_files`.

    Args:
        folder: A folder with a sub-folder for each class, or with images. Names that begin with a
            dot are left out.

    Yields:
        The two features of each image.

    Raises:
        DataError: There is no sub-folder, one is empty, or a file is no image.
    """
    classes = _visible(folder)
    if classes and all(path.is_file() for path in classes):
        yield from read_image_files(classes)
        return
    for path in classes:
        if not path.is_dir():
            raise DataError(
                "An image folder contains either folders, one a class, or images alone.",
                where=str(path),
                hint="Move the file into the folder of its class.",
            )
    if not classes:
        raise DataError("The folder has no sub-folder: one a class is needed.", where=str(folder))
    files = []
    for path in classes:
        images = _visible(path)
        if not images:
            raise DataError(f"The class `{path.name}` has no image.", where=str(path))
        files.extend(images)
    for file in sorted(files, key=_shuffled_position):
        yield {"image": _read_image(file), "label": file.parent.name}


def read_image_files(files: Sequence[Path]) -> Iterator[dict[str, Value]]:
    """Yields `image`, the bytes of the file as they are, and `file`, its name.

    Raises:
        DataError: A file is no image.
    """
    for file in files:
        yield {"image": _read_image(file), "file": file.name}


def _shuffled_position(file: Path) -> bytes:
    """Returns a hash of the class and the name of an image, to sort by."""
    return hashlib.sha256(f"{file.parent.name}/{file.name}".encode()).digest()


def _visible(folder: Path) -> list[Path]:
    """Returns what is in a folder, sorted, without hidden files."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _read_image(file: Path) -> bytes:
    """Returns the bytes of an image file."""
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise DataError(f"Cannot read the image: {exc.strerror}.", where=str(file)) from exc
    if sniff.image_format(data[: sniff.HEAD_BYTES]) is None:
        found = sniff.file_format(data[: sniff.HEAD_BYTES])
        looks = f"it looks like {found}" if found else "its first bytes are those of no known image"
        raise DataError(f"The file is no image: {looks}.", where=str(file))
    return data
