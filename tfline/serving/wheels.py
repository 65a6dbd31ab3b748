"""Packages that bring operators that TensorFlow itself does not have.

TensorFlow Serving links those of tensorflow-text and of decision forests. Here their libraries are
found in the wheels that are installed, without importing these.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

_MISSING = re.compile(r"Op type not registered '([^']+)'")


@dataclass(frozen=True)
class Wheel:
    """A package of PyPI that brings operators.

    Attributes:
        name: What it is installed as.
        package: What it is imported as.
        libraries: Its libraries, as a pattern inside the package.
        operators: The names of its operators.
    """

    name: str
    package: str
    libraries: str
    operators: re.Pattern[str]

    def files(self) -> list[Path]:
        """Returns its libraries; none if it is not installed."""
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        return sorted(path for root in folders or () for path in Path(root).glob(self.libraries))


WHEELS = (
    Wheel(
        "tensorflow-text",
        "tensorflow_text",
        "python/*/_*.so",
        re.compile(
            r"TFText>.*|Sentencepiece.*|SentenceFragments.*|CaseFoldUTF8|NormalizeUTF8.*"
            r"|.*TokenizeWithOffsets|PhraseTokenize|RegexSplitWithOffsets|FastBertNormalize"
            r"|FindSourceOffsets|TokenizerFromLogits|ConstrainedSequence|MaxSpanningTree|RougeL"
        ),
    ),
    Wheel("ydf-tf", "ydf_tf", "*.so", re.compile(r"SimpleML.*")),
)
"""The wheels whose operators are known."""


def missing_operator(message: str) -> str | None:
    """Returns the operator that TensorFlow lacks; None if its error says something else."""
    match = _MISSING.search(message)
    return match[1] if match else None


def find_wheel(operator: str) -> Wheel | None:
    """Returns the wheel that brings an operator; None if none is known."""
    return next((wheel for wheel in WHEELS if wheel.operators.fullmatch(operator)), None)
