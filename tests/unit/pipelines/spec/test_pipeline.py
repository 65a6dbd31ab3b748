"""A spec is read strictly, and every error names its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic
import pytest

from tfline.components.trainer.config import EnsembleConfig
from tfline.components.trainer.conformal.config import IntervalsConfig
from tfline.pipelines.spec import PipelineSpec, find_spec, json_schema, load_spec
from tfline.pipelines.spec.data import DataSpec
from tfline.transforms.errors import SpecError
from tfline.transforms.features import FrozenModel, LabelSpec
from tfline.transforms.table import TRANSFORMS

TEXT = """\
name: trips
data:
  train: train.tfrecord
  eval: eval.tfrecord
label: tip
features:
  z_score: [fare]
  one_hot: [day]
model: mlp
"""

Load = Callable[..., PipelineSpec]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a spec from its text."""

    def load_text(text: str, *overrides: str) -> PipelineSpec:
        path = tmp_path / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        return load_spec(str(path), overrides)

    return load_text


def refused(load: Load, text: str, *overrides: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(text, *overrides)
    return caught.value


def test_short_forms_read_like_long_forms(load: Load) -> None:
    long = """\
name: trips
data: {train: [train.tfrecord], eval: [eval.tfrecord], payload: tf_example, ingest: copy}
label: {key: tip}
features:
  fare: {key: fare, transform: [{z_score: {}}]}
  day: {transform: one_hot}
model: {mlp: {}}
train: {optimizer: {name: adam}}
evaluate: {slices: [[day]], require: {auc: {min: 0.8}}}
push: {to: models/trips, keep: 5}
"""
    extra = "push: models/trips\nevaluate: {slices: [day], require: {auc: 0.8}}\n"
    assert load(TEXT + extra) == load(long)


def test_model_arguments_are_checked_and_kept(load: Load) -> None:
    spec = load(TEXT.replace("mlp", "{mlp: {hidden_units: [4, 2]}}"))
    assert spec.model.arguments == {"hidden_units": (4, 2)}


def test_intervals_are_a_level_or_more(load: Load) -> None:
    assert load(TEXT + "intervals: 0.9\n").intervals == IntervalsConfig(level=0.9)
    by_day = load(TEXT + "intervals: {level: 0.8, by: day}\n").intervals
    assert by_day == IntervalsConfig(level=0.8, by="day")
    error = refused(load, TEXT + "intervals: {level: 0.8, by: dya}\n")
    assert "does not read 'dya'" in str(error)
    assert "less than 1" in str(refused(load, TEXT + "intervals: 90\n"))
    several = TEXT.replace("label: tip", "label: {key: tip, task: multilabel}")
    assert "no intervals of a multilabel" in str(refused(load, several + "intervals: 0.9\n"))


def test_ensemble_is_of_seeds_or_of_models_that_fit(load: Load) -> None:
    assert load(TEXT + "ensemble: 5\n").ensemble == EnsembleConfig(seeds=5)
    text = TEXT + "train: {epochs: 3}\nensemble: [boosted_trees, {mlp: {hidden_units: [8]}}]\n"
    spec = load(text)
    assert spec.ensemble is not None
    assert [model.name for model in spec.ensemble.models] == ["boosted_trees", "mlp"]
    assert spec.ensemble.models[1].arguments == {"hidden_units": (8,)}
    both = load(TEXT + "ensemble: {seeds: 2, models: [linear]}\n").ensemble
    assert both is not None
    assert (both.seeds, len(both.models)) == (2, 1)
    assert "wide_depe" in str(refused(load, TEXT + "ensemble: [wide_depe]\n"))
    assert "writes texts" in str(refused(load, TEXT + "ensemble: [char_rnn]\n"))
    warm = "train: {warm_start: true}\npush: models/trips\nensemble: 2\n"
    assert "has no ensemble" in str(refused(load, TEXT + warm))


def test_spec_is_frozen(load: Load) -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        load(TEXT).name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("model", "embedding", "fits"),
    [
        ("text_transformer", 6, False),
        ("text_transformer", 8, True),
        ("{text_transformer: {heads: 3}}", 6, True),
        ("{text_transformer: {units: 6}}", "null", False),
        ("text_gru", 6, True),
    ],
)
def test_heads_share_the_tokens_of_a_text_evenly(
    load: Load, model: str, embedding: int | str, fits: bool
) -> None:
    chain = f"transform: [split, {{token_ids: {{length: 5, embedding: {embedding}}}}}]"
    text = TEXT.replace("model: mlp", f"model: {model}").replace(
        "  z_score: [fare]", f"  review: {{key: review, {chain}}}"
    )
    if fits:
        load(text)
    else:
        assert "units=6, heads=4" in refused(load, text).message


PROSE = """\
name: prose
data: {train: a.tfrecord, eval: b.tfrecord}
label: {key: text, task: text, transform: {split: {by: character}}, marks: false}
model: {char_rnn: {stateful: 32}}
train: {batch_size: 32, order: consecutive}
"""


def test_text_needs_no_features(load: Load) -> None:
    spec = load(PROSE)
    assert spec.features == ()
    assert spec.label.separator == ""
    assert [expected.key for expected in spec.expectations] == ["text"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.order=shuffled", "A stateful model needs batches that follow on"),
        ("train.batch_size=64", "A stateful model needs batches that follow on"),
        ("train.monte_carlo=3", "A text has no mean"),
        ("evaluate.metrics=[auc]", "does not fit a text task"),
    ],
)
def test_what_does_not_fit_a_text_is_refused(load: Load, override: str, message: str) -> None:
    assert message in refused(load, PROSE, override).message


@pytest.mark.parametrize(
    ("line", "replacement", "message", "where"),
    [
        ("model: mlp", "", "`model` is missing", ":1"),
        ("label: tip", "label: tip\nlabell: x", "Unknown key 'labell'", ":6, labell"),
        ("label: tip", "label: {key: tip, clases: [a]}", "Unknown key 'clases'", "label.clases"),
        ("label: tip", "label: 3", "Invalid value for `label`", ":5, label"),
        ("label: tip", "label: {key: tip, task: text}", "The model 'mlp' writes no texts", "model"),
        ("model: mlp", "model: seq2seq", "The model 'seq2seq' writes texts", "model"),
        ("label: tip", "label: {key: tip, task: guess}", "Unknown task 'guess'", ":5, label.task"),
        ("name: trips", "name: Trips!", "Invalid value for `name`", ":1, name"),
        ("name: trips", "name: 3", "Invalid value for `name`", ":1, name"),
        ("  train: train.tfrecord", "  train: []", "Invalid value for `data.train`", ":3"),
        ("  train: train.tfrecord", "  train: 3", "Invalid value for `data.train`", ":3"),
        ("  train: train.tfrecord", "  tran: x", "Unknown key 'tran'", ":3, data.tran"),
        ("  eval: eval.tfrecord", "", "Expected `train` and `eval`", ":2, data"),
        ("  eval: eval.tfrecord", "  files: a", "either given splits or `files`", ":2, data"),
        ("  eval: eval.tfrecord", "  eval: a\n  split: {train: 1.0}", "there are none", ":2, data"),
        ("  eval: eval.tfrecord", "  eval: a\n  payload: csv", "`data.payload`", ":5"),
        ("model: mlp", "model: mpl", "Unknown model 'mpl'", ":9, model"),
        ("model: mlp", "model: {mlp: {units: 3}}", "mlp has no argument 'units'", ":9, model.mlp"),
        ("model: mlp", "model: {vision_transformer: {heads: 3}}", "units=64, heads=3", ":9, model"),
        ("model: mlp", "model: {mlp: {dropout: 2.0}}", "`dropout` of mlp", ":9, model.mlp"),
        ("model: mlp", "model: {mlp: {}, cnn: {}}", "Expected a name or", ":9, model"),
        ("model: mlp", "model: {3: {}}", "A model is a name. Received: 3", ":9, model"),
        ("model: mlp", "model: {mlp: 3}", "are a mapping", ":9, model.mlp"),
        ("model: mlp", "model: no_such.build", "cannot be imported", ":9, model"),
        ("  z_score: [fare]", "  zscore: [fare]", "Unknown transform 'zscore'", ":7, features"),
        ("  one_hot: [day]", "  one_hot: [day, fare]", "'fare' is there twice", ":8, features.one"),
        ("  one_hot: [day]", "  one_hot: [tip]", "The label 'tip' is among the features", ":6"),
        ("  one_hot: [day]", "  one_hot:\n    - 3", "A raw feature is a name", ":9, features.one"),
    ],
)
def test_error_names_file_line_and_key(
    load: Load, line: str, replacement: str, message: str, where: str
) -> None:
    assert line in TEXT
    error = refused(load, TEXT.replace(line, replacement))
    assert message in error.message
    assert "spec.yaml:" in error.where
    assert where in error.where


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("train: {epochs: 0}", "Invalid value for `train.epochs`"),
        ("train: {epochs: '3'}", "Invalid value for `train.epochs`"),
        ("train: {epochs: 1.5}", "Invalid value for `train.epochs`"),
        ("train: {epochs: true}", "Invalid value for `train.epochs`"),
        ("train: {epoch: 3}", "Unknown key 'epoch'"),
        ("train: {optimizer: adamm}", "Invalid value for `train.optimizer`"),
        ("train: {optimizer: {sgd: {momentun: 0.9}}}", "Unknown key 'momentun'"),
        ("train: {schedule: {cosine: {final: 2}}}", "Invalid value for `train.schedule.cosine"),
        ("train: {warm_start: true}", "nothing is pushed"),
        ("train: {warm_start: {layers: 2}}", "nothing is pushed"),
        ("train: {warm_start: {model: none}}", "there is no pushed model"),
        ("train: {weight: tip}", "The label is no weight"),
        ("train: {learning_rate: -1.0}", "Invalid value for `train.learning_rate`"),
        ("evaluate: {require: {acuracy: 0.8}}", "Unknown metric 'acuracy'"),
        ("evaluate: {require: {auc: high}}", "Invalid value for `evaluate.require.auc`"),
        ("evaluate: {require: {auc: {mim: 0.8}}}", "Unknown key 'mim'"),
        ("evaluate: {require: {auc: {slice_min: 0.8}}}", "there are no `slices`"),
        ("evaluate: {slices: [[day, day]]}", "A slice names a feature twice"),
        ("evaluate: {slices: [day, [day]]}", "The same slice is given twice"),
        ("evaluate: {metrics: []}", "Invalid value for `evaluate.metrics`"),
        ("validation: {stop: maybe}", "Invalid value for `validation.stop`"),
        ("validation: {allow: [everything]}", "Invalid value for `validation.allow.0`"),
        ("push: {to: models, keep: 0}", "Invalid value for `push.keep`"),
        ("push: {keep: 3}", "`push.to` is missing"),
        ("push: 3", "Invalid value for `push`"),
        ("schema_file: 3", "Invalid value for `schema_file`"),
    ],
)
def test_wrong_value_of_a_section_is_refused_at_its_line(
    load: Load, section: str, message: str
) -> None:
    error = refused(load, TEXT + section + "\n")
    assert message in error.message
    assert "spec.yaml:10" in error.where


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "name=Trips",
            "Expected small letters, digits, _ and -, a letter first. Received: 'Trips'",
        ),
        (
            "data=3",
            "Expected a section with the keys train, train_dev, eval, test, files, split",
        ),
        ("train.epochs=1.5", "Expected an integer. Received: 1.5"),
        ("train.deterministic=1", "Expected true or false. Received: 1"),
        ("evaluate.slices=3", "Expected a list. Received: 3"),
        ("label={key: tip, task: binar}", "Unknown task 'binar'"),
        ("schema_file=3", "Expected a text. Received: 3"),
    ],
)
def test_what_is_expected_is_said_in_words_of_yaml(load: Load, override: str, message: str) -> None:
    assert message in refused(load, TEXT, override).message


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ("tune={over: {model.dropout: [0.1]}}", "`tune.over.model.dropout`. Expected 2 values", ""),
        ("tune={over: {model.dropout: 3}}", "`tune.over.model.dropout`. Expected a section", ""),
        ("train={optimizer: {adam: {beta_1: x}}}", "`train.optimizer.adam.beta_1`. Expected", ""),
        ("evaluate.require={accuracy: 90}", "`accuracy` is a share between 0 and 1", "0.9 for 90"),
        ("evaluate.require={auc: 95}", "`auc` is a share between 0 and 1", "Write 0.95 for 95 %"),
        ("evaluate.require={log_loss: -1}", "`log_loss` is 0 or more. Received: max -1", ""),
        ("evaluate.change={auc: 5}", "Two values of `auc` differ by 1 at most", "0.05 for 5 %"),
        ("evaluate.gap={recall: 5, by: sex}", "Two values of `recall` differ by 1 at", "0.05 for"),
        ("features={DEWP: [z_score]}", "Unknown transform 'DEWP'", "`z_score: [DEWP]`"),
        ("features={DEWP: [z_score, clip]}", "Unknown transform 'DEWP'", "DEWP: {transform: ["),
    ],
)
def test_error_names_the_key_as_it_was_written(
    load: Load, override: str, message: str, hint: str
) -> None:
    error = refused(load, TEXT, override)
    assert message in str(error)
    assert hint in error.hint
    assert not any(mark in str(error) for mark in ("function-", "tuple[", "pydantic"))


def test_unquoted_yes_and_no_are_explained(load: Load) -> None:
    error = refused(load, TEXT.replace("label: tip", "label: {key: tip, classes: [No, Yes]}"))
    assert 'Put quotes around them: "Yes"' in error.hint


@pytest.mark.parametrize(
    ("section", "hint"),
    [
        ("train: {epoch: 3}", "Did you mean 'epochs'?"),
        ("trian: {}", "Did you mean 'train'?"),
        ("evaluat: {}", "Did you mean 'evaluate'?"),
        ("push: {too: models}", "Did you mean 'to'?"),
        ("evaluate: {slice: [day]}", "Did you mean 'slices'?"),
        ("train: {optimizer: {nadam: {beta1: 0.9}}}", "Did you mean 'beta_1'?"),
    ],
)
def test_misspelt_key_gets_the_nearest_one(load: Load, section: str, hint: str) -> None:
    assert hint in refused(load, TEXT + section + "\n").hint


def test_misspelt_model_gets_the_nearest_one(load: Load) -> None:
    error = refused(load, TEXT.replace("mlp", "mpl"))
    assert "Did you mean 'mlp'?" in error.hint


def test_all_errors_are_named_the_first_one_first(load: Load) -> None:
    error = refused(load, TEXT + "train: {epochs: 0}\npush: {keep: 3}\n")
    assert error.message.startswith("Invalid value for `train.epochs`")
    assert "also " in error.hint
    assert "`push.to` is missing" in error.hint


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.epochs=many", "Invalid value for `train.epochs`"),
        ("train.epoch=3", "Unknown key 'epoch'"),
        ("features.z_scor=[fare]", "Unknown transform 'z_scor'"),
        ("model=mpl", "Unknown model 'mpl'"),
    ],
)
def test_override_is_as_strict_as_the_file(load: Load, override: str, message: str) -> None:
    error = refused(load, TEXT, override)
    assert message in error.message
    assert f"--set {override}" in error.where


def test_overrides_change_what_they_name(load: Load) -> None:
    spec = load(TEXT, "train.epochs=3", "push=models/x", "features.bucketize=[miles]")
    assert (spec.train.epochs, spec.push.to) == (3, "models/x")
    assert [feature.name for feature in spec.features] == ["fare", "day", "miles"]


def test_unknown_spec_gets_the_nearest_of_the_catalog() -> None:
    with pytest.raises(SpecError, match="There is no spec 'taxy'") as caught:
        find_spec("taxy")
    assert caught.value.hint.startswith("Did you mean 'taxi'?")


def test_file_comes_before_the_catalog(folder: Path) -> None:
    (folder / "taxi").write_text(TEXT)
    assert load_spec("taxi").name == "trips"


def test_expectations_say_what_each_raw_feature_is_for(load: Load) -> None:
    image = "features.image={transform: {decode_raw: {shape: [2, 2, 1]}}}"
    spec = load(TEXT + "evaluate: {slices: [day, [city, day]]}\n", image)
    found = [(expected.key, expected.kind, expected.role) for expected in spec.expectations]
    assert found == [
        ("tip", "any", "label"),
        ("fare", "number", "feature"),
        ("day", "category", "feature"),
        ("image", "bytes", "feature"),
        ("city", "any", "slice"),
    ]


def fields(model: type[FrozenModel]) -> set[str]:
    return set(model.model_fields)


def test_json_schema_has_every_key_and_refuses_others() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == fields(PipelineSpec)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name", "data", "label", "model"]
    for name, model in (("DataSpec", DataSpec), ("LabelSpec", LabelSpec)):
        assert set(schema["$defs"][name]["properties"]) == fields(model)
        assert schema["$defs"][name]["additionalProperties"] is False


def test_json_schema_offers_every_transform() -> None:
    assert set(json_schema()["properties"]["features"]["properties"]) == set(TRANSFORMS)


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for child in node.values() for ref in references(child)]
    return [ref for child in node for ref in references(child)] if isinstance(node, list) else []


def test_json_schema_points_only_at_what_it_has() -> None:
    schema = json_schema()
    for reference in references(schema):
        target: Any = schema
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


@pytest.mark.parametrize(
    ("label", "train", "message", "where"),
    [
        ("{key: tip, classes: [a, b]}", "{loss: huber}", "does not fit a binary", "train.loss"),
        ("{key: tip, classes: [a, b, c]}", "{loss: binary_crossentropy}", "multiclass", ".loss"),
        ("{key: tip, task: regression}", "{loss: {focal: {}}}", "regression", "train.loss"),
        ("{key: tip, task: regression}", "{class_weights: balanced}", "not of one", "class_weig"),
        ("{key: tip, classes: [a, b]}", "{class_weights: {c: 2}}", "no class 'c'", "class_weights"),
    ],
)
def test_training_that_does_not_fit_the_label_is_refused(
    load: Load, label: str, train: str, message: str, where: str
) -> None:
    text = TEXT.replace("label: tip", f"label: {label}") + f"train: {train}\n"
    error = refused(load, text)
    assert message in error.message
    assert ":10" in error.where
    assert where in error.where


@pytest.mark.parametrize("metric", ["rmse", "keras.metrics.SparseCategoricalAccuracy"])
def test_metric_that_does_not_fit_the_classes_is_refused(load: Load, metric: str) -> None:
    text = TEXT.replace("label: tip", "label: {key: tip, classes: [no tip, tip]}")
    error = refused(load, text, f"evaluate.metrics=[{metric}]")
    assert f"'{metric}' does not fit a binary task" in error.message
