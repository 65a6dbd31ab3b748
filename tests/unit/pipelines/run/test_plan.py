"""The plan knows which component a change concerns."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tfline.pipelines.run import sources
from tfline.pipelines.run.parts import Part, changes
from tfline.pipelines.run.plan import UPSTREAM, Plan, argument_files, make_plan
from tfline.pipelines.spec import load_spec
from tfline.transforms.errors import DataError, SpecError

SPEC = """\
name: trips
data: {train: train.tfrecord, eval: eval.tfrecord}
label: tip
features: {z_score: [fare], one_hot: [day]}
model: mlp
evaluate: {slices: [day]}
push: models/trips
"""

TUNE = "tune={over: {model.dropout: [0.0, 0.5]}}"

MakePlan = Callable[..., Plan]


@pytest.fixture
def plan(folder: Path) -> MakePlan:
    """Makes the plan of `SPEC` with overrides, on two data files that are there."""
    (folder / "spec.yaml").write_text(SPEC)
    for name in ("train", "eval"):
        (folder / f"{name}.tfrecord").write_bytes(name.encode())
    return lambda *overrides: make_plan(load_spec("spec.yaml", overrides))


def changed(before: Plan, after: Plan) -> list[str]:
    """Returns the components whose own parts differ."""
    return [name for name in UPSTREAM if before.parts.get(name) != after.parts.get(name)]


def edit_source(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Lets one source file look edited."""
    read = sources._read_source

    def read_edited(name: str, path: Path, modified: int) -> sources._Source:
        source = read(name, path, modified)
        return dataclasses.replace(source, digest="edited") if name == module else source

    monkeypatch.setattr(sources, "_read_source", read_edited)


def test_plan_names_the_components_in_running_order(plan: MakePlan) -> None:
    assert list(plan(TUNE).parts) == list(UPSTREAM)
    assert list(plan().parts) == [name for name in UPSTREAM if name != "Tuner"]
    assert list(plan("push=null").parts) == [
        name for name in UPSTREAM if name not in ("Tuner", "Resolver", "Pusher")
    ]


def test_every_component_comes_after_what_it_takes_from() -> None:
    seen: set[str] = set()
    for name, upstream in UPSTREAM.items():
        assert seen.issuperset(upstream)
        seen.add(name)


def test_plan_of_the_same_is_the_same(plan: MakePlan) -> None:
    assert plan() == plan()


@pytest.mark.parametrize(
    ("override", "components"),
    [
        ("data.ingest=link", ["ExampleGen"]),
        ("validation.stop=warning", ["ExampleValidator"]),
        ("features.z_score=[fare, miles]", ["ExampleValidator", "Transform"]),
        ("features.bucketize={features: [miles], buckets: 3}", ["ExampleValidator", "Transform"]),
        ("label.classes=[a, b]", ["Transform"]),
        ("model={mlp: {dropout: 0.1}}", ["Trainer"]),
        ("train.epochs=3", ["Trainer"]),
        ("top_k=2", ["Trainer"]),
        ("train.weight=miles", ["ExampleValidator", "Transform", "Trainer", "Evaluator"]),
        (TUNE, ["Tuner"]),
        ("evaluate.threshold=0.4", ["Evaluator"]),
        ("evaluate.slices=[city]", ["ExampleValidator", "Evaluator"]),
        ("evaluate.require={auc: 0.9}", ["Evaluator"]),
        ("push.keep=2", ["Pusher"]),
        ("push.to=models/other", ["Resolver", "Pusher"]),
    ],
)
def test_change_of_the_spec_concerns_exactly_its_components(
    plan: MakePlan, override: str, components: list[str]
) -> None:
    long = ("push={to: models/trips}", "label={key: tip}")
    assert changed(plan(*long), plan(*long, override)) == components


@pytest.mark.parametrize(
    ("module", "components"),
    [
        ("tfline.transforms.numeric", ["Transform"]),
        ("tfline.transforms.image", []),
        ("tfline.components.trainer.models.layers", ["Trainer"]),
        ("tfline.components.trainer.models.mlp.perceptron", ["Trainer"]),
        ("tfline.components.trainer.models.mlp.wide_deep", []),
        ("tfline.components.trainer.models.cnn.plain", []),
        ("tfline.components.trainer.signatures", ["Trainer"]),
        ("tfline.metrics.slices", ["ExampleValidator", "Evaluator"]),
        ("tfline.components.artifacts.versions", ["Resolver", "Pusher"]),
        ("tfline.components.example_validator.checks", ["ExampleValidator"]),
        ("tfline.components.example_gen.ingest", ["ExampleGen"]),
        ("tfline.components.transform.classes", ["Transform"]),
        ("tfline.pipelines.console", []),
        ("tfline.serving.client", []),
        (
            "tfline.transforms.errors",
            [
                "ExampleGen",
                "StatisticsGen",
                "SchemaGen",
                "ExampleValidator",
                "Transform",
                "Resolver",
                "Trainer",
                "Evaluator",
                "Pusher",
            ],
        ),
    ],
)
def test_edit_of_a_source_concerns_exactly_its_components(
    plan: MakePlan, monkeypatch: pytest.MonkeyPatch, module: str, components: list[str]
) -> None:
    before = plan()
    edit_source(monkeypatch, module)
    assert changed(before, plan()) == components


@pytest.mark.parametrize(
    ("override", "component"),
    [
        ("features={mine.own: [fare]}", "Transform"),
        ("model=mine.build", "Trainer"),
        ("evaluate.metrics=[mine.own]", "Evaluator"),
        ("model={mlp: {activation: mine.own}}", "Trainer"),
        ("model={mlp: {initializer: {mine.own: {}}}}", "Trainer"),
        ("ensemble={models: [{mlp: {activation: mine.own}}]}", "Trainer"),
    ],
)
def test_edit_of_a_user_module_concerns_its_component(
    plan: MakePlan, folder: Path, monkeypatch: pytest.MonkeyPatch, override: str, component: str
) -> None:
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    (folder / "mine.py").write_text("def own(x): ...\ndef build(features, head): ...\n")
    before = plan(override)
    (folder / "mine.py").write_text("def own(x): return x\ndef build(features, head): ...\n")
    os.utime(folder / "mine.py", ns=(1, 1))
    assert changed(before, plan(override)) == [component]


def test_changed_data_file_concerns_example_gen(plan: MakePlan, folder: Path) -> None:
    before = plan()
    os.utime(folder / "eval.tfrecord", ns=(1, 1))
    assert plan() == before
    (folder / "eval.tfrecord").write_bytes(b"EVAL")
    after = plan()
    assert changed(before, after) == ["ExampleGen"]
    [change] = changes(before.parts["ExampleGen"], after.parts["ExampleGen"])
    assert str(change).startswith("data.eval eval.tfrecord: 4 bytes, ")


def test_project_that_has_moved_is_the_same(
    plan: MakePlan, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan()
    moved = folder.rename(folder.with_name(f"{folder.name}-moved"))
    monkeypatch.chdir(moved)
    assert plan().parts == before.parts


def test_tokenizer_of_the_label_concerns_transform(
    plan: MakePlan, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "tokenizer", raising=False)
    (folder / "tokenizer.py").write_text("def cut(x): ...\n")
    label = "{key: tip, task: text, transform: [tokenizer.cut]}"
    (folder / "spec.yaml").write_text(
        f"name: trips\ndata: {{train: train.tfrecord, eval: eval.tfrecord}}\nlabel: {label}\n"
        "model: char_rnn\n"
    )
    before = plan()
    (folder / "tokenizer.py").write_text("def cut(x): return x\n")
    os.utime(folder / "tokenizer.py", ns=(1, 1))
    assert changed(before, plan()) == ["Transform"]


def test_curated_schema_concerns_schema_gen(plan: MakePlan, folder: Path) -> None:
    (folder / "schema.pbtxt").write_text("# none")
    curated = plan("schema_file=schema.pbtxt")
    assert changed(plan(), curated) == ["SchemaGen"]
    assert curated.schema_text == "# none"
    (folder / "schema.pbtxt").write_text("# one")
    assert changed(curated, plan("schema_file=schema.pbtxt")) == ["SchemaGen"]


def test_missing_curated_schema_is_refused(plan: MakePlan) -> None:
    with pytest.raises(SpecError, match="The curated schema cannot be read"):
        plan("schema_file=none.pbtxt")


def test_missing_data_is_refused(plan: MakePlan, folder: Path) -> None:
    (folder / "eval.tfrecord").unlink()
    with pytest.raises(DataError, match=r"No file matches the pattern 'eval\.tfrecord'"):
        plan()


@pytest.mark.parametrize("override", ["train.epochs=3", "features.z_score=[miles]"])
def test_training_fingerprint_follows_what_training_depends_on(
    plan: MakePlan, override: str
) -> None:
    assert plan(override).training_fingerprint != plan().training_fingerprint


@pytest.mark.parametrize("override", ["evaluate.threshold=0.4", "push=models/other"])
def test_training_fingerprint_ignores_what_comes_after(plan: MakePlan, override: str) -> None:
    assert plan(override).training_fingerprint == plan().training_fingerprint


def test_new_baseline_concerns_resolver(plan: MakePlan, folder: Path) -> None:
    before = plan()
    (folder / "models" / "trips" / "7").mkdir(parents=True)
    after = plan()
    assert changed(before, after) == ["Resolver"]
    assert Part("setting", "baseline", "version 7") in after.parts["Resolver"]


def test_tuner_depends_on_the_training_and_the_model_on_the_tuner(plan: MakePlan) -> None:
    before = plan(TUNE)
    assert changed(before, plan(TUNE, "train.batch_size=16")) == ["Tuner", "Trainer"]
    assert plan().training_fingerprint != before.training_fingerprint
    assert before.tuning_state != plan(TUNE, "features.z_score=[fare, miles]").tuning_state


def test_warm_start_makes_the_trainer_depend_on_the_baseline(plan: MakePlan) -> None:
    assert "Resolver" not in plan().upstream("Trainer")
    warm = plan("train.warm_start=true")
    assert "Resolver" in warm.upstream("Trainer")
    assert warm.training_state != warm.training_fingerprint


def test_training_depends_on_the_model_whose_layers_it_begins_with(
    plan: MakePlan, folder: Path
) -> None:
    for number in (1, 2):
        (folder / "photos" / str(number)).mkdir(parents=True)
    first, second = (folder / "photos" / number / "saved_model.pb" for number in "12")
    first.write_bytes(b"1")
    start = "train.warm_start={model: photos}"
    before = plan(start)
    assert "Resolver" not in before.upstream("Trainer")  # it is not that of this pipeline
    second.write_bytes(b"2")
    assert changed(before, plan(start)) == ["Trainer"]
    own = plan("train.warm_start={layers: 2}")
    assert "Resolver" in own.upstream("Trainer")


def test_files_that_a_model_names_count(tmp_path: Path) -> None:
    weights = tmp_path / "notop.weights.h5"
    weights.write_bytes(b"1")
    arguments = {"weights": str(weights), "application": "MobileNet", "frozen_epochs": 3}
    assert argument_files(arguments) == [str(weights)]


def test_files_of_a_saved_model_that_a_model_names_count(tmp_path: Path) -> None:
    encoder = tmp_path / "encoder"
    files = [encoder / name for name in ("assets/words", "saved_model.pb", "variables/index")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    arguments = {"encoder": str(encoder), "elsewhere": str(tmp_path)}
    assert argument_files(arguments) == [*map(str, files)]
