"""Data and artifacts behind an S3 API: the launcher copies, and bytes decide about the cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tfline.components.example_gen.tfrecord import read_records
from tfline.pipelines.runners.kubeflow.acceptance import check_accepted
from tfline.pipelines.runners.kubeflow.compiler import compile_pipeline
from tfline.pipelines.runners.kubeflow.target import Target, check_target
from tfline.pipelines.spec import load_spec
from tfline.pipelines.spec.document import read_document

pytestmark = pytest.mark.whole

BUCKET = "bucket"
ROOT, DATA_ROOT = f"s3://{BUCKET}/pipelines", f"s3://{BUCKET}/trips"
FIRST_STEPS = ("data", "plan", "example-gen")
VOLUME = "kubernetes={volumes: {models: /models}}"


class S3Store:
    """What the backend's launcher does with a bucket: files only, no folders.

    Args:
        client: Of boto3.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def upload(self, local: Path, uri: str) -> None:
        for file in sorted(local.rglob("*")):
            if file.is_file():
                key = f"{self._key(uri)}/{file.relative_to(local)}"
                self.client.upload_file(str(file), BUCKET, key)

    def download(self, uri: str, local: Path) -> None:
        for key in self.keys(uri):
            target = local / Path(key).relative_to(self._key(uri))
            target.parent.mkdir(parents=True, exist_ok=True)
            self.client.download_file(BUCKET, key, str(target))

    def keys(self, uri: str) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{self._key(uri)}/")
        return [entry["Key"] for entry in listed.get("Contents", ())]

    @staticmethod
    def _key(uri: str) -> str:
        return uri.removeprefix(f"s3://{BUCKET}/")


@pytest.fixture
def store() -> Iterator[S3Store]:
    """A bucket of a server of its own."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="id",
        aws_secret_access_key="key",
    )
    client.create_bucket(Bucket=BUCKET)
    yield S3Store(client)
    client.close()
    server.stop()


def states(run: dict[str, Any]) -> list[str]:
    return [run[name].state for name in FIRST_STEPS]


def test_data_is_imported_and_read_again_only_if_its_bytes_change(
    project, make_launcher, store: S3Store
) -> None:
    folder: Path = project.folder
    settings = [VOLUME, "push=/models/trips"]
    spec = load_spec(str(folder / "spec.yaml"), settings)
    target = Target("registry.example/tfline:0.1.0", ROOT, DATA_ROOT)
    check_target(spec, target)
    text = compile_pipeline(spec, read_document(folder / "spec.yaml", settings), target)
    check_accepted(text, "trips.yaml")
    launcher = make_launcher(text, folder / "work", store)
    for split in ("train", "eval"):
        store.client.upload_file(f"{folder}/{split}.tfrecord", BUCKET, f"trips/{split}.tfrecord")

    first = launcher.run(only=FIRST_STEPS)
    assert states(first) == ["succeeded"] * 3, first["plan"].log + first["example-gen"].log
    uri = first["example-gen"].outputs["artifacts"]["examples"]["uri"]
    assert uri.startswith(f"{ROOT}/trips/")
    assert [key.partition("/examples/")[2] for key in store.keys(uri)] == [
        "Split-eval/data_tfrecord-00000-of-00001",
        "Split-train/data_tfrecord-00000-of-00001",
    ]
    store.download(uri, folder / "copy")
    [shard] = (folder / "copy" / "Split-train").iterdir()
    assert len(list(read_records(shard))) == len(project.rows["train"])

    # The copies that the next run gets have other times, and the same bytes.
    assert states(launcher.run(only=FIRST_STEPS)) == ["succeeded", "succeeded", "cached"]
    changed = project.write("train", project.rows["train"][:-1])
    store.client.upload_file(str(changed), BUCKET, "trips/train.tfrecord")
    assert states(launcher.run(only=FIRST_STEPS)) == ["succeeded"] * 3
