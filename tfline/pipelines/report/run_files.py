"""The artifacts of a run, each read when it is first asked for; None where a run has not got to.

Files are read as they are, without TensorFlow: a page takes less than a second.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pydantic
from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from tfline.components.evaluator.evidence import evidence_file
from tfline.components.evaluator.gate import verdict_reading
from tfline.components.pusher.certificate import Certificate
from tfline.pipelines.run.records import RunRecord
from tfline.pipelines.spec.card import CardSpec
from tfline.transforms.errors import WorkFolderError

Model = TypeVar("Model", bound=pydantic.BaseModel)


class RunFiles:
    """What a run left behind.

    Args:
        record: The run.
        metadata: The metadata store.
        card: What the spec says of the model's use.
    """

    def __init__(self, record: RunRecord, metadata: Path, card: CardSpec | None = None) -> None:
        self.record = record
        self.metadata = metadata
        self.card = card or CardSpec()

    @property
    def spec(self) -> dict[str, Any]:
        """The spec in its long form, as it was run; empty for a record of an older version."""
        return self.record.spec

    @cached_property
    def verdict(self) -> dict[str, Any] | None:
        """``verdict.json``."""
        path = self._path("Evaluator", "evaluation", verdict_reading.FILE_NAME)
        if path is None:
            return None
        try:
            return verdict_reading.read_verdict(path)
        except ValueError as exc:
            raise _unreadable(path, exc) from exc

    @cached_property
    def training(self) -> dict[str, Any] | None:
        """``training.json``."""
        return self._json("Trainer", "model_run", "training.json")

    @cached_property
    def transform(self) -> dict[str, Any] | None:
        """``tfline.json`` of the transform graph."""
        return self._json("Transform", "transform_graph", "tfline.json")

    @cached_property
    def certificate(self) -> Certificate | None:
        """How the pushed version answered in a server; None if this run pushed none."""
        path = self._path("Pusher", "pushed_model", "certificate.json")
        return None if path is None else _parsed(Certificate, path)

    @cached_property
    def evidence(self) -> evidence_file.Evidence | None:
        """What the Evaluator found in a sample of the records."""
        path = self._path("Evaluator", "evaluation", evidence_file.FILE_NAME)
        return None if path is None else _parsed(evidence_file.Evidence, path)

    @cached_property
    def sample(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None] | None:
        """Labels, predictions and perhaps weights of it, as in `tfline.metrics.statistic`."""
        path = self._path("Evaluator", "evaluation", evidence_file.SAMPLE_FILE)
        if path is None:
            return None
        with np.load(path) as arrays:
            weights = arrays.get("weights")
            return arrays["labels"], arrays["predictions"], weights

    @cached_property
    def places(self) -> np.ndarray | None:
        """Where the records of the sample are, float64 [n, 2]; None if there is no map."""
        path = self._path("Evaluator", "evaluation", evidence_file.SAMPLE_FILE)
        if path is None:
            return None
        with np.load(path) as arrays:
            found: np.ndarray | None = arrays.get("places")
            return found

    @cached_property
    def statistics(self) -> dict[str, Any]:
        """TFDV's statistics (`DatasetFeatureStatistics`) by split."""
        found = {}
        for split, path in self._splits("StatisticsGen", "statistics", "FeatureStats.pb").items():
            message = _message(statistics_pb2.DatasetFeatureStatisticsList, path)
            if message.datasets:
                found[split] = message.datasets[0]
        return found

    @cached_property
    def anomalies(self) -> dict[str, Any]:
        """TFDV's anomalies (`Anomalies`) by split."""
        splits = self._splits("ExampleValidator", "anomalies", "SchemaDiff.pb")
        return {split: _message(anomalies_pb2.Anomalies, path) for split, path in splits.items()}

    def _json(self, component: str, channel: str, name: str) -> dict[str, Any] | None:
        path = self._path(component, channel, name)
        if path is None:
            return None
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as exc:
            raise _unreadable(path, exc) from exc
        return content

    def _path(self, component: str, channel: str, name: str) -> Path | None:
        """Returns a file of an artifact; None if it is not there."""
        folder = self.record.output(component, channel)
        return folder / name if folder is not None and (folder / name).is_file() else None

    def _splits(self, component: str, channel: str, name: str) -> dict[str, Path]:
        """Returns the file of each split of an artifact; train comes first."""
        folder = self.record.output(component, channel)
        paths = sorted(folder.glob(f"Split-*/{name}")) if folder is not None else []
        found = {path.parent.name.removeprefix("Split-"): path for path in paths}
        return dict(sorted(found.items(), key=lambda item: (item[0] != "train", item[0])))


def _parsed(model: type[Model], path: Path) -> Model:
    try:
        return model.model_validate_json(path.read_text(encoding="utf-8"))
    except ValueError as exc:
        raise _unreadable(path, exc) from exc


def _message(kind: Any, path: Path) -> Any:
    try:
        return kind.FromString(path.read_bytes())
    except DecodeError as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: Path, exc: Exception) -> WorkFolderError:
    return WorkFolderError(
        f"A file of the run cannot be read: {str(exc).splitlines()[0]}",
        str(path),
        "Remove the folder of its artifact and run the pipeline again.",
    )
