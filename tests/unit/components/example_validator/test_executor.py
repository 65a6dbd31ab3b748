"""A curated schema is obeyed, its comparators included."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import tfx  # noqa: F401 - before tensorflow_data_validation, for which it prepares
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import artifact_utils, standard_artifacts

from tfline.components.example_validator.config import Content, HeldAgainst, ValidateConfig
from tfline.components.example_validator.executor import ValidateExecutor
from tfline.transforms.errors import AnomalyError

import tensorflow_data_validation as tfdv  # isort: skip - after tfx

CURATED = """
feature {
  name: "city"
  type: BYTES
  value_count { min: 1 max: 1 }
  drift_comparator { infinity_norm { threshold: 0.2 } }
}
"""


def write_statistics(folder: Path, cities: list[str]) -> standard_artifacts.ExampleStatistics:
    """Writes the statistics of a train split."""
    artifact = standard_artifacts.ExampleStatistics()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(["train"])
    found = tfdv.generate_statistics_from_dataframe(pd.DataFrame({"city": cities}), n_jobs=1)
    (folder / "Split-train").mkdir(parents=True)
    (folder / "Split-train" / "FeatureStats.pb").write_bytes(found.SerializeToString())
    return artifact


@pytest.mark.parametrize("moved", [False, True])
def test_comparator_of_a_curated_schema_holds_data_against_the_last_blessed_run(
    tmp_path: Path, moved: bool
) -> None:
    before = ["Bern", "Lima"] * 50
    write_statistics(tmp_path / "before", before)
    now = ["Bern"] * 90 + ["Lima"] * 10 if moved else before
    schema = standard_artifacts.Schema()
    schema.uri = str(tmp_path / "schema")
    (tmp_path / "schema").mkdir()
    text = text_format.Parse(CURATED, schema_pb2.Schema())
    (tmp_path / "schema" / "schema.pbtxt").write_text(text_format.MessageToString(text))
    anomalies = standard_artifacts.ExampleAnomalies()
    anomalies.uri = str(tmp_path / "anomalies")
    content = Content(
        validation=ValidateConfig(),
        expectations=(),
        inferred=False,
        reference=HeldAgainst(run="1", statistics=str(tmp_path / "before")),
    )
    inputs = {"statistics": [write_statistics(tmp_path / "now", now)], "schema": [schema]}

    def validate() -> None:
        ValidateExecutor().Do(
            inputs, {"anomalies": [anomalies]}, {"config": content.model_dump_json()}
        )

    if not moved:
        validate()
        return
    with pytest.raises(AnomalyError, match=r"city \(train split\): High Linfty distance .* is 0.4"):
        validate()
