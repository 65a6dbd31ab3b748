"""WordLlama (Miller 2024): the mean of 256 numbers for each piece of a text.

Its package brings the numbers, which are those of the input of large language models, made small,
and the vocabulary; nothing is downloaded, and the package itself is not imported. A review of 200
words takes less than a millisecond: what an encoder costs that does not look at the order of words.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from tfline.pipelines.encoders.sentencepiece_model import byte_pair_model
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.pipelines.encoders import bag_of_pieces
else:
    tf = lazy_import("tensorflow")
    bag_of_pieces = lazy_import("tfline.pipelines.encoders.bag_of_pieces")

WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
VOCABULARY: Final = "tokenizers/l2_supercat_tokenizer_config.json"

_TYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}


def write(folder: Path) -> int:
    """Writes the SavedModel: strings [batch] -> float32 [batch, 256].

    Args:
        folder: Where to; it is made.

    Returns:
        How many numbers a vector has.

    Raises:
        ModelError: A package is not installed, or it is another version, with other files.
    """
    package = _package("wordllama")
    _package("tensorflow_text")
    try:
        table = read_tensor(package / WEIGHTS, "embedding.weight").astype(np.float32)
        vocabulary = json.loads((package / VOCABULARY).read_text(encoding="utf-8"))
        model = _model_file(vocabulary)
    except (OSError, KeyError, ValueError) as exc:
        raise ModelError(
            f"The package wordllama is not as expected: {exc}",
            str(package),
            f"Install the version that is known: {_installation()}",
        ) from exc
    module = bag_of_pieces.BagOfPieces(model, table)
    tf.saved_model.save(module, str(folder))
    return int(table.shape[1])


def _installation() -> str:
    """Returns the command that installs what the extra of tfline's name asks for."""
    asked = (text.partition(";") for text in importlib.metadata.requires("tfline") or ())
    needed = [f"'{name.strip()}'" for name, _, marker in asked if "wordllama" in marker]
    return f"`pip install {' '.join(needed)}`."


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"The package {name} is not installed",
            hint=f"Install it: {_installation()}",
        )
    return Path(spec.origin).parent


def _model_file(vocabulary: dict[str, Any]) -> bytes:
    """Returns SentencePiece's model file for a vocabulary as Hugging Face's tokenizers write it."""
    model = vocabulary["model"]
    if model["type"] != "BPE" or not model["byte_fallback"]:
        raise ValueError("its vocabulary is not one of byte pairs")
    merges = [tuple(one.split(" ") if isinstance(one, str) else one) for one in model["merges"]]
    special = [token["content"] for token in vocabulary["added_tokens"] if token["special"]]
    unknown = model["unk_token"]
    return byte_pair_model(model["vocab"], merges, unknown, [s for s in special if s != unknown])


def read_tensor(path: Path, name: str) -> npt.NDArray[np.floating[Any]]:
    """Returns a tensor of a safetensors file: a JSON header, its length before it, and the bytes.

    Raises:
        OSError: The file cannot be read.
        KeyError: It has no such tensor, or one of another type.
        ValueError: It is cut short.
    """
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))[name]
        begin, end = header["data_offsets"]
        file.seek(begin, 1)
        data = file.read(end - begin)
    dtype = _TYPES[header["dtype"]]
    if len(data) != dtype.itemsize * math.prod(header["shape"]):
        raise ValueError(f"{path.name} is cut short")
    return np.frombuffer(data, dtype).reshape(header["shape"])
