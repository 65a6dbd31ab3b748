"""Certificates and warm-up requests of real models on a real server."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tfline.components.example_gen.example_proto import encode_example

tf = pytest.importorskip("tensorflow")

from tfline.components.pusher.certify import certify  # noqa: E402 - after TensorFlow
from tfline.components.pusher.warmup import write_warmup  # noqa: E402
from tfline.serving.process import start_server  # noqa: E402
from tfline.transforms.errors import PushError  # noqa: E402

RECORDS = [encode_example({"size": float(size)}) for size in range(1, 21)]
EXAMPLES = tf.TensorSpec([None], tf.string, name="examples")


def sizes(examples: tf.Tensor) -> tf.Tensor:
    parsed = tf.io.parse_example(examples, {"size": tf.io.FixedLenFeature([], tf.float32)})
    return parsed["size"]


class Steady(tf.Module):
    """Answers the same each time."""

    @tf.function(input_signature=[EXAMPLES])
    def serving_default(self, examples):
        size = sizes(examples)
        names = tf.constant(["sm\u00e5ll", "large"])
        return {
            "label": tf.gather(names, tf.cast(size > 10, tf.int64)),
            "probabilities": tf.stack([1 / size, 1 - 1 / size], axis=1),
        }

    @tf.function(input_signature=[EXAMPLES])
    def transform_features(self, examples):
        return {"size_log": tf.math.log(sizes(examples))}


class Price(tf.Module):
    """Has a single output, which REST does not name."""

    @tf.function(input_signature=[EXAMPLES])
    def serving_default(self, examples):
        return {"prediction": sizes(examples) * 3.0}


class Counting(tf.Module):
    """Its answers depend on the requests before."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = tf.Variable(0.0)

    @tf.function(input_signature=[EXAMPLES])
    def serving_default(self, examples):
        return {"prediction": sizes(examples) + self.calls.assign_add(1.0)}


class BatchDependent(tf.Module):
    """Its features depend on the other records of the batch."""

    @tf.function(input_signature=[EXAMPLES])
    def serving_default(self, examples):
        return {"prediction": sizes(examples) - tf.reduce_mean(sizes(examples))}


class CountingFeature(Counting):
    """A feature depends on the requests before, and so does what is made of it."""

    @tf.function(input_signature=[EXAMPLES])
    def transform_features(self, examples):
        return {"size_raw": sizes(examples), "size_moved": sizes(examples) + self.calls}


def save(model: tf.Module, folder: Path) -> Path:
    """Saves a model as the only version in a folder."""
    names = [name for name in ("serving_default", "transform_features") if hasattr(model, name)]
    version = folder / "staging" / "7"
    tf.saved_model.save(model, str(version), {name: getattr(model, name) for name in names})
    return version


@pytest.mark.parametrize("model", [Steady, Price])
def test_model_that_answers_the_same_everywhere_is_certified(
    model: type[tf.Module], tmp_path: Path
) -> None:
    version = save(model(), tmp_path)
    before = sorted(tmp_path.rglob("*"))
    certificate = certify(version, "shop", RECORDS)
    assert certificate.records == len(RECORDS)
    assert certificate.largest_difference.keys() == {"grpc", "grpc_single", "rest"}
    assert max(certificate.largest_difference.values()) < 1e-6
    assert 0 < certificate.p50_ms <= certificate.p99_ms < 1000
    assert 0 < certificate.cold_start_s < 60
    assert 0 < certificate.model_mb < 1
    assert sorted(tmp_path.rglob("*")) == before


def test_model_with_a_state_is_refused(tmp_path: Path) -> None:
    # The server has run the warm-up requests before; in process they did not run.
    version = save(Counting(), tmp_path)
    write_warmup(version, "shop", RECORDS[:4])
    with pytest.raises(
        PushError,
        match="Record 0 gets another answer over gRPC: output 'prediction' is 6, in process 2",
    ):
        certify(version, "shop", RECORDS)


def test_model_that_depends_on_the_batch_is_refused(tmp_path: Path) -> None:
    version = save(BatchDependent(), tmp_path)
    with pytest.raises(PushError, match="another answer over gRPC, alone in its request") as caught:
        certify(version, "shop", RECORDS)
    assert "or the other records of a batch" in caught.value.hint


def test_feature_that_makes_answers_differ_is_named(tmp_path: Path) -> None:
    version = save(CountingFeature(), tmp_path)
    write_warmup(version, "shop", RECORDS[:4])
    with pytest.raises(PushError, match=r"over gRPC: feature 'size_moved' is \d+, in process 2"):
        certify(version, "shop", RECORDS)


def test_model_that_no_server_can_load_is_refused(tmp_path: Path) -> None:
    version = save(Price(), tmp_path)
    write_warmup(version, "shop", [b"no example"])
    with pytest.raises(PushError, match=r"The model cannot be served: .* exit code 255") as caught:
        certify(version, "shop", RECORDS)
    assert "Could not parse example input" in caught.value.where


def test_model_that_cannot_be_loaded_in_process_is_refused(tmp_path: Path) -> None:
    version = save(Price(), tmp_path)
    (version / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(PushError, match="The model cannot be loaded"):
        certify(version, "shop", RECORDS)


def test_warm_up_requests_are_the_same_bytes_and_a_server_runs_them(tmp_path: Path) -> None:
    version = save(Steady(), tmp_path)
    write_warmup(version, "shop", RECORDS[:4])
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    first = path.read_bytes()
    write_warmup(version, "shop", RECORDS[:4])
    assert path.read_bytes() == first
    with start_server(version.parent, "shop") as server:
        assert "Warmed up shop version 7 with 4 records" in server.output()


def test_certifying_leaves_no_server_behind(tmp_path: Path) -> None:
    version = save(BatchDependent(), tmp_path)
    with pytest.raises(PushError):
        certify(version, "shop", RECORDS)
    listing = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True)
    assert str(version.parent) not in listing.stdout
