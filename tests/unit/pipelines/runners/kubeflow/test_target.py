"""Whatever would fail on the cluster is refused when the pipeline is compiled."""

from __future__ import annotations

import dataclasses
import sys

import pytest

from tfline.pipelines.runners.kubeflow.target import Target, check_target
from tfline.pipelines.spec import PipelineSpec, load_spec
from tfline.transforms.errors import SpecError

VOLUME = "kubernetes={volumes: {pipeline: /mnt/pipeline}}"
PUSH = "push=/mnt/pipeline/models/taxi"
TARGET = Target("registry:5000/tfline:0.1.0", "/mnt/pipeline", "/mnt/pipeline")


def taxi(*overrides: str) -> PipelineSpec:
    return load_spec("taxi", [VOLUME, PUSH, *overrides])


@pytest.mark.parametrize(
    "root", ["/mnt/pipeline", "/mnt/pipeline/a", "gs://b/a", "s3://b", "minio://b/c"]
)
@pytest.mark.parametrize("image", ["a/b:1", "localhost:5000/b:v1.2", f"b@sha256:{'0' * 64}"])
def test_good_target_is_accepted(root: str, image: str) -> None:
    check_target(taxi(), Target(image, root, root))


@pytest.mark.parametrize("image", ["tfline", "registry:5000/tfline", "a b:1", "tfline@sha256:12"])
def test_image_without_a_tag_is_refused(image: str) -> None:
    with pytest.raises(SpecError, match=f"image '{image}' has no tag"):
        check_target(taxi(), dataclasses.replace(TARGET, image=image))


@pytest.mark.parametrize(
    "root", ["/data", "artifacts", "/mnt/pipeline2", "hdfs://a/b", "file:///mnt"]
)
def test_root_without_a_volume_is_refused(root: str) -> None:
    with pytest.raises(SpecError, match=f"The root '{root}' is in no volume"):
        check_target(taxi(), dataclasses.replace(TARGET, root=root))


def test_volume_of_a_single_step_does_not_hold_the_root() -> None:
    alone = "kubernetes={steps: {Trainer: {volumes: {pipeline: /mnt/pipeline}}}}"
    with pytest.raises(SpecError, match="Nothing is mounted"):
        check_target(taxi(alone), TARGET)


def test_push_folder_without_a_volume_is_refused() -> None:
    with pytest.raises(SpecError, match="push folder 'models/taxi' is in no volume"):
        check_target(taxi("push=models/taxi"), TARGET)


def test_beam_workers_that_cannot_see_the_artifacts_are_refused() -> None:
    flink = taxi("beam={runner: FlinkRunner}")
    check_target(flink, TARGET)
    with pytest.raises(SpecError, match="Workers of FlinkRunner do not see"):
        check_target(flink, dataclasses.replace(TARGET, root="s3://bucket"))


def test_unknown_step_is_refused_and_the_nearest_named() -> None:
    wrong = "kubernetes={volumes: {pipeline: /mnt/pipeline}, steps: {Trainr: {gpu: 1}}}"
    with pytest.raises(SpecError, match="no step 'Trainr'") as caught:
        check_target(taxi(wrong), TARGET)
    assert "Did you mean 'Trainer'?" in caught.value.hint


def test_absolute_data_outside_the_volume_is_refused() -> None:
    with pytest.raises(SpecError, match=r"data '/data/train\*' is in no volume"):
        check_target(taxi("data={train: /data/train*, eval: eval*}"), TARGET)
    with pytest.raises(SpecError, match="not below the data root"):
        check_target(
            taxi("data={train: /data/train*, eval: eval*}"),
            dataclasses.replace(TARGET, data_root="s3://bucket/data"),
        )


def test_module_that_is_not_in_the_image_is_refused_until_it_is_said_to_be(
    folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mine_of_the_target.py").write_text("def build(features, head):\n    return None\n")
    monkeypatch.syspath_prepend(folder)
    own = "model=mine_of_the_target.build"
    with pytest.raises(SpecError, match=r"'mine_of_the_target\.build' is not in the image"):
        check_target(taxi(own), TARGET)
    said = "kubernetes={volumes: {pipeline: /mnt/pipeline}, modules: [mine_of_the_target]}"
    check_target(taxi(own, said), TARGET)
    with pytest.raises(SpecError, match=r"'mine_of_the_target\.build' is not in the image"):
        check_target(taxi("train.loss=mine_of_the_target.build"), TARGET)


def test_function_of_a_notebook_is_refused(folder, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tfline_notebook").mkdir()
    (folder / "tfline_notebook" / "build_1.py").write_text("def build(features, head): ...\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "tfline_notebook", raising=False)
    with pytest.raises(SpecError, match="The function 'build' is of a notebook, and in no image"):
        check_target(taxi("model=tfline_notebook.build_1.build"), TARGET)
