"""Encoders of texts that come with packages, made SavedModels for `text_transfer`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tfline.pipelines.encoders import wordllama

Writer = Callable[[Path], int]
"""``write(folder)``: writes a SavedModel, and returns how many numbers its vectors have."""

ENCODERS: dict[str, Writer] = {"wordllama": wordllama.write}
"""The encoders by name. A new one is one line here."""
