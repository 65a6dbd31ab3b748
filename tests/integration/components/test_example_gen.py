"""ExampleGen under TFX: cached, cleaned up after, and readable by the components behind it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.components.util import examples_utils, tfxio_utils
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local import local_dag_runner
from tfx.types import artifact_utils, standard_artifacts
from tfx_bsl.tfxio import dataset_options

from tfline.components.example_gen import tfrecord
from tfline.components.example_gen.component import ExampleGen
from tfline.components.example_gen.config import IngestConfig, SplitRule
from tfline.components.example_gen.example_proto import encode_example
from tfline.transforms.errors import DataError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Returns a file of 100 records."""
    path = tmp_path / "data.tfrecord"
    tfrecord.write_records(path, (encode_example({"x": n, "s": f"{n}"}) for n in range(100)))
    return path


def run(root: Path, config: IngestConfig, fingerprint: str) -> None:
    """Runs a pipeline of ExampleGen alone."""
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
    example_gen = ExampleGen(config=config, fingerprint=fingerprint)
    local_dag_runner.LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="test",
            pipeline_root=str(root / "artifacts"),
            components=[example_gen],
            enable_cache=True,
            metadata_connection_config=connection,
        )
    )


def recorded(root: Path) -> list[standard_artifacts.Examples]:
    """Returns the Examples artifacts that are recorded as usable."""
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))
    with metadata.Metadata(connection) as store:
        found = []
        for proto in store.store.get_artifacts_by_type("Examples"):
            if proto.state == metadata_store_pb2.Artifact.LIVE:
                examples = standard_artifacts.Examples()
                examples.set_mlmd_artifact(proto)
                found.append(examples)
    return found


def read_column(examples: standard_artifacts.Examples, split: str, name: str) -> list[object]:
    """Returns the values of a feature as the components behind ExampleGen read them."""
    factory = tfxio_utils.get_tfxio_factory_from_artifact([examples], ["test"])
    tfxio = factory(str(Path(artifact_utils.get_split_uri([examples], split)) / "*"))
    options = dataset_options.RecordBatchesOptions(batch_size=1000, num_epochs=1)
    values: list[object] = []
    for batch in tfxio.RecordBatches(options):
        values += [cell[0] for cell in batch.column(batch.schema.get_field_index(name)).to_pylist()]
    return values


def test_artifact_is_read_by_tfx_and_cached_until_the_fingerprint_changes(
    tmp_path: Path, data: Path
) -> None:
    rule = SplitRule(fractions={"train": 0.8, "eval": 0.2}, by="time", feature="x")
    config = IngestConfig(payload="tf_example", files=(str(data),), split=rule)
    for fingerprint in ("one", "one", "two"):
        run(tmp_path, config, fingerprint)
    artifacts = recorded(tmp_path)
    assert len(artifacts) == 2
    for examples in artifacts:
        assert examples_utils.get_payload_format_string(examples) == "FORMAT_TF_EXAMPLE"
        assert examples.get_int_custom_property("records_eval") == 20
    assert sorted(map(int, read_column(artifacts[0], "train", "x"))) == list(range(80))
    assert sorted(read_column(artifacts[0], "eval", "s")) == [b"%d" % n for n in range(80, 100)]


def test_compressed_and_plain_files_are_read_together(tmp_path: Path, data: Path) -> None:
    zipped = tmp_path / "zipped"
    tfrecord.write_records(zipped, [encode_example({"x": 100, "s": "z"})], compress=True)
    splits: dict[str, Sequence[str]] = {"train": (str(data), str(zipped))}
    run(tmp_path, IngestConfig(payload="tf_example", splits=splits), "one")
    (examples,) = recorded(tmp_path)
    assert sorted(map(int, read_column(examples, "train", "x"))) == list(range(101))


def test_failed_run_leaves_no_artifact_and_no_file(tmp_path: Path, data: Path) -> None:
    data.write_bytes(data.read_bytes()[:-1])
    config = IngestConfig(payload="tf_example", splits={"train": (str(data),)})
    with pytest.raises(DataError, match="truncated"):
        run(tmp_path, config, "one")
    assert recorded(tmp_path) == []
    assert list((tmp_path / "artifacts").rglob("data_tfrecord*")) == []
