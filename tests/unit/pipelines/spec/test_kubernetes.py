"""The section `kubernetes:`: what it accepts, what it refuses, what one step gets."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tfline.pipelines.spec import load_spec
from tfline.pipelines.spec.kubernetes import KubernetesSpec
from tfline.transforms.errors import SpecError

SPEC = """\
cpu: 2
memory: 4Gi
env: {LOG: info}
volumes: {pipeline: /mnt/pipeline}
secrets: [{name: store, env: {AWS_ACCESS_KEY_ID: id}}]
retries: 2
steps:
  Trainer:
    cpu: 500m
    gpu: 1
    env: {EXTRA: "1"}
    secrets: [{name: tracker, mount: /etc/tracker}]
    tolerations: [{key: gpu, operator: Exists}]
"""


def read(text: str) -> KubernetesSpec:
    return KubernetesSpec.model_validate(yaml.safe_load(text))


def test_step_gets_its_own_values_and_those_of_all() -> None:
    trainer = read(SPEC).of("Trainer")
    assert (trainer.cpu, trainer.memory, trainer.gpu, trainer.retries) == ("500m", "4Gi", 1, 2)
    assert trainer.env == {"LOG": "info", "EXTRA": "1"}
    assert [secret.name for secret in trainer.secrets] == ["store", "tracker"]


def test_step_that_is_not_named_gets_what_all_get() -> None:
    evaluator = read(SPEC).of("Evaluator")
    assert (evaluator.cpu, evaluator.gpu) == ("2", 0)
    assert evaluator.volumes == {"pipeline": "/mnt/pipeline"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secrets": [{"name": "a", "mount": "/a"}, {"name": "a", "mount": "/b"}]}, "secret 'a'"),
        ({"secrets": [{"name": "a", "env": {"X": "k"}}], "env": {"X": "1"}}, "variable 'X'"),
        ({"volumes": {"a": "/a", "b": "/a"}}, "folder '/a'"),
        (
            {
                "secrets": [{"name": "a", "mount": "/a"}],
                "config_maps": [{"name": "a", "mount": "/b"}],
            },
            "volume 'a'",
        ),
        ({"steps": {"Trainer": {"secrets": [{"name": "store", "mount": "/a"}]}}}, "secret 'store'"),
    ],
    ids=["secret", "variable", "folder", "volume", "step"],
)
def test_what_is_named_twice_is_refused(change: dict[str, object], said: str) -> None:
    content = {"secrets": [{"name": "store", "env": {"A": "a"}}]} | change
    with pytest.raises(ValueError, match=f"{said} is referred to twice"):
        KubernetesSpec.model_validate(content)


@pytest.mark.parametrize(
    "change",
    [
        {"cpu": "two"},
        {"memory": "4 GB"},
        {"volumes": {"claim": "relative"}},
        {"volumes": {"Claim": "/a"}},
        {"retries": -1},
        {"secrets": [{"name": "a"}]},
        {"tolerations": [{"key": "a", "operator": "Is"}]},
    ],
    ids=lambda change: "-".join(change),
)
def test_values_that_kubernetes_would_refuse_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        KubernetesSpec.model_validate(change)


def test_secret_that_is_named_twice_in_a_spec_is_an_error_with_its_line(
    folder: Path, write_text
) -> None:
    text = Path(__file__).parents[4].joinpath("pipelines/catalog/taxi.yaml").read_text()
    section = """\
kubernetes:
  secrets: [{name: store, mount: /a}, {name: store, mount: /b}]
"""
    file = write_text(folder / "spec.yaml", text + section)
    with pytest.raises(SpecError, match="'store' is referred to twice") as caught:
        load_spec(str(file))
    assert f"{file}:" in caught.value.where
