"""An anomaly: something about the data that is not as it should be."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

ANOMALIES_FILE = "anomalies.json"
"""All anomalies of a run, in the artifact of ExampleValidator."""


@dataclasses.dataclass(frozen=True)
class Anomaly:
    """Something about one feature of one split that is not as it should be."""

    split: str
    feature: str
    text: str
    severity: Literal["error", "warning"] = "error"
    hint: str = ""

    def stops(self, least: str) -> bool:
        """Tells whether the run stops for it when `least` is the least severity that stops."""
        return least == "warning" or (least == "error" and self.severity == "error")

    def __str__(self) -> str:
        return f"{self.feature or 'the data set'} ({self.split} split): {self.text}"


def write_anomalies(folder: str, anomalies: Iterable[Anomaly]) -> None:
    """Writes anomalies into the artifact's folder."""
    content = [dataclasses.asdict(anomaly) for anomaly in anomalies]
    path = Path(folder) / ANOMALIES_FILE
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def read_anomalies(folder: Path) -> list[Anomaly] | None:
    """Returns the anomalies of an artifact; None if it has no such file."""
    path = folder / ANOMALIES_FILE
    if not path.is_file():
        return None
    return [Anomaly(**item) for item in json.loads(path.read_text(encoding="utf-8"))]
