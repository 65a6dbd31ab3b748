"""A model that writes texts: from training to the answers of a server."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.export import export
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.generation.generator import find_generator
from tfline.components.trainer.texts import sample_texts
from tfline.serving.client import Client
from tfline.serving.process import start_server
from tfline.tasks.heads.text import TARGET
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case

SMALL = {"units": 16, "hidden_units": 16, "heads": 2, "blocks": 1, "dropout": 0.0}


@pytest.fixture(scope="module")
def model(texts: Case, tmp_path_factory: pytest.TempPathFactory) -> keras.Model:
    """A model after some epochs."""
    graph = texts.graph()
    config = TrainConfig(batch_size=8, learning_rate=0.01)
    scratch = str(tmp_path_factory.mktemp("scratch"))
    data = load_data(texts.train_files, texts.eval_files, graph, config, scratch)
    keras.utils.set_random_seed(3)
    built = build_model("translator", SMALL, graph.features, graph.head)
    compile_model(built, graph.head, config, steps_per_execution=5)
    built.fit(data.train, epochs=40, shuffle=False, verbose=0)
    return built


@pytest.fixture(scope="module")
def exported(model: keras.Model, texts: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its export, as the first version in a folder."""
    path = tmp_path_factory.mktemp("models") / "back" / "1"
    path.parent.mkdir()
    config = {"pipeline": "back", "model": {"name": "translator"}, "training_fingerprint": "abc"}
    export(model, texts.graph(), texts.graph().head, RunConfig.model_validate(config), str(path))
    return path


@pytest.fixture(scope="module")
def loaded(exported: Path) -> Any:
    return tf.saved_model.load(str(exported))


def answer(loaded: Any, signature: str, examples: list[bytes], **inputs: Any) -> dict[str, Any]:
    outputs = loaded.signatures[signature](examples=tf.constant(examples), **inputs)
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def test_record_without_a_text_is_no_example(texts: Case, tmp_path: Path) -> None:
    config = TrainConfig(batch_size=64)
    data = load_data(texts.train_files, texts.eval_files, texts.graph(), config, str(tmp_path))
    features, label = next(iter(data.train))
    assert label.shape == [39, 5]
    assert features[TARGET].shape == [39, 5]
    np.testing.assert_array_equal(features[TARGET][:, 1:], label[:, :-1])
    assert (features[TARGET][:, 0] == 6).numpy().all()


def test_words_are_spelt_backwards(loaded: Any, texts: Case) -> None:
    answers = answer(loaded, "serving_default", texts.examples)
    expected = answer(loaded, "score", texts.examples)["reference"]
    right = answers["sequences"][:, 0] == expected
    assert right[[i for i in range(40) if i != 7]].mean() > 0.9
    assert answers["sequences"].shape == answers["scores"].shape == (40, 3)
    assert (np.diff(answers["scores"], axis=1) <= 0).all()


def test_columns_answer_as_examples_do(loaded: Any, texts: Case) -> None:
    by_example = answer(loaded, "serving_default", texts.examples[:3])
    words = [tf.train.Example.FromString(record).features.feature for record in texts.examples[:3]]
    columns = tf.constant([word["word"].bytes_list.value[0] for word in words])
    by_column = loaded.signatures["columns"](word=columns)
    np.testing.assert_array_equal(by_column["sequences"], by_example["sequences"])


def test_score_is_the_probability_that_search_finds(loaded: Any, texts: Case) -> None:
    found = answer(loaded, "serving_default", texts.examples)
    scored = answer(loaded, "score", texts.examples)
    best = found["sequences"][:, 0] == scored["reference"]
    penalty = ((5 + scored["tokens"]) / 6) ** 0.6
    expected = found["scores"][:, 0] * penalty
    np.testing.assert_allclose(scored["log_probability"][best], expected[best], atol=1e-4)
    assert scored["tokens"][7] == 0
    assert scored["log_probability"][7] == 0
    assert scored["reference"][7] == b""


def test_sample_follows_temperature_and_seed(loaded: Any, texts: Case) -> None:
    def drawn(temperature: float, seed: int) -> list[bytes]:
        rows = len(texts.examples)
        inputs = {
            "temperature": tf.fill([rows], temperature),
            "seed": tf.fill([rows], tf.constant(seed, tf.int64)),
        }
        return answer(loaded, "sample", texts.examples, **inputs)["sequences"].tolist()

    assert drawn(3.0, 1) == drawn(3.0, 1) != drawn(3.0, 2)
    assert drawn(0.0, 1) == drawn(0.0, 2)


def test_server_answers_with_the_same_texts(exported: Path, loaded: Any, texts: Case) -> None:
    expected = answer(loaded, "serving_default", texts.examples[:1])
    with (
        start_server(exported.parent, "back") as server,
        Client(server.target, "back", timeout=60) as client,
    ):
        [prediction] = client.predict([{"word": "aa"}])
    assert prediction.texts == tuple(text.decode() for text in expected["sequences"][0])
    np.testing.assert_allclose(prediction.scores, expected["scores"][0], atol=1e-4)
    assert all(math.isfinite(score) for score in prediction.scores)


def test_model_of_classes_draws_no_texts(cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    built = build_model("mlp", {}, graph.features, graph.head)
    assert find_generator(built) is None
    with pytest.raises(ModelError, match="writes no texts"):
        sample_texts(built, graph.metadata, {}, tf.ones([1]), tf.ones([1], tf.int64))
