"""Transfer of texts: an encoder comes from a SavedModel, is frozen or trained, and is served."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.checkpoints import load_state, restore_variables
from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.export import export
from tfline.components.trainer.fine_tuning import find_phases
from tfline.components.trainer.fit import fit
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.fine_tuned import FineTunedModel
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.text_encoder import TextEncoder
from tfline.components.trainer.run_fn import prepare_model
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError, SpecError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case

HEAD = TASKS["binary"].head(("no", "yes"))
TEXT = TensorFeature("review", "string")
OTHERS = [TensorFeature("stars", "numeric"), TensorFeature("shop", "index", (), 3)]
TEXTS = tf.constant(["good monday", "", "what?"])


def run_config(encoder: str, epochs: int, **arguments: Any) -> RunConfig:
    layers = {"hidden_units": [4], "activation": "tanh"}  # relu may be all zeros, and learn nothing
    given = {"encoder": encoder, **layers, **arguments}
    return RunConfig.model_validate(
        {
            "pipeline": "reviews",
            "model": {"name": "text_transfer", "arguments": given},
            "train": {
                "epochs": epochs,
                "batch_size": 16,
                "learning_rate": 0.1,
                "tensorboard": False,
            },
            "training_fingerprint": "f",
        }
    )


def train(case: Case, config: RunConfig, state_dir: Path) -> keras.Model:
    """Trains a model, and keeps the state after its last epoch."""
    graph = case.graph()
    with tempfile.TemporaryDirectory() as scratch:
        data = load_data(case.train_files, case.eval_files, graph, config.train, scratch)
        model = prepare_model(config, graph, graph.head, data)
        phases = find_phases(model, graph.head, config.train, data)
        fit(model, data, config.train, None, str(state_dir), phases)
    return model


def embedding(model: keras.Model) -> np.ndarray:
    [weights] = model.get_layer("encoder").get_weights()
    return weights


def save(folder: Path, answer: Callable[[tf.Tensor, bool], Any]) -> str:
    """Saves a SavedModel that makes its answer of vectors [batch, 2] of ones."""
    module = tf.Module()
    module.ones = tf.Variable(tf.ones([1, 2]), trainable=False)

    @tf.function
    def call(texts: tf.Tensor, training: bool = False) -> Any:
        return answer(tf.repeat(module.ones, tf.size(texts), axis=0), training)

    for training in (False, True):
        call.get_concrete_function(tf.TensorSpec([None], tf.string), training=training)
    module.__call__ = call
    tf.saved_model.save(module, str(folder))
    return str(folder)


@pytest.mark.parametrize("trainable", [False, True], ids=["frozen", "trained"])
def test_encoder_is_trained_only_on_request_and_exported_whole(
    cases: dict[str, Case], encoder: str, tmp_path: Path, trainable: bool
) -> None:
    case = cases["strings"]
    before = embedding(build_model("text_transfer", {"encoder": encoder}, [TEXT], HEAD))
    config = run_config(encoder, 2, trainable=trainable, frozen_epochs=1)
    model = train(case, config, tmp_path / "state")
    assert np.array_equal(embedding(model), before) is not trainable

    # A killed run goes on from its state. A server needs no folder but that of the model.
    copy = shutil.copytree(encoder, tmp_path / "encoder")
    arguments = {**config.model.arguments, "encoder": str(copy)}
    resumed = build_model("text_transfer", arguments, [TEXT], HEAD)
    if isinstance(resumed, FineTunedModel):
        resumed.unfreeze()
    compile_model(resumed, HEAD, config.train, steps_per_execution=1)
    restore_variables(resumed, load_state(str(tmp_path / "state")))
    export(resumed, case.graph(), case.graph().head, config, str(tmp_path / "model"))
    shutil.rmtree(copy)
    served = tf.saved_model.load(str(tmp_path / "model"))
    answer = served.signatures["columns"](review=TEXTS)
    np.testing.assert_allclose(answer["probabilities"][:, 1:], model({"review": TEXTS}), rtol=1e-5)
    assert len(served.model_variables) == len(model.variables)


def test_model_is_loaded_as_it_was_saved(encoder: str, tmp_path: Path) -> None:
    given = {"encoder": encoder, "trainable": True, "dropout": 0.1}
    model = build_model("text_transfer", given, [TEXT, *OTHERS], HEAD)
    model.get_layer("encoder").encoder_variables[0].assign(tf.ones([5, 8]))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = {"review": TEXTS, "stars": tf.ones([3]), "shop": tf.constant([0, 1, 2], tf.int64)}
    np.testing.assert_allclose(loaded(x), model(x), rtol=1e-6)
    frozen = len(loaded.trainable_variables)
    loaded.unfreeze()
    assert len(loaded.trainable_variables) == frozen + 1


def test_encoder_is_told_whether_it_is_trained(tmp_path: Path) -> None:
    def answer(vectors: tf.Tensor, training: bool) -> Any:
        return {"pooled_output": vectors * (2.0 if training else 1.0), "words": vectors[:, None]}

    encode = TextEncoder(save(tmp_path, answer))
    np.testing.assert_array_equal(encode(TEXTS), np.ones([3, 2]))
    np.testing.assert_array_equal(encode(TEXTS, training=True), 2 * np.ones([3, 2]))
    encode.trainable = False
    np.testing.assert_array_equal(encode(TEXTS, training=True), np.ones([3, 2]))


def test_encoder_may_have_a_signature_alone(tmp_path: Path) -> None:
    def serve(words: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"output_0": tf.ones([tf.size(words), 3])}

    signature = tf.function(serve, input_signature=[tf.TensorSpec([None], tf.string, "words")])
    tf.saved_model.save(tf.Module(), str(tmp_path), signatures=signature)
    np.testing.assert_array_equal(TextEncoder(str(tmp_path))(TEXTS), np.ones([3, 3]))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x, _: {"a": x, "b": x}, "none of its outputs is called default or pooled_output"),
        (lambda x, _: x[:, tf.newaxis], r"one vector a text. Received, for one text: \(1, 1, 2\)"),
        (lambda x, _: tf.cast(x, tf.int32), "expected vectors of floats"),
    ],
    ids=["two outputs", "sequence", "integers"],
)
def test_saved_model_that_makes_no_vectors_is_refused(
    tmp_path: Path, answer: Callable[[tf.Tensor, bool], Any], message: str
) -> None:
    with pytest.raises(ModelError, match=message) as error:
        TextEncoder(save(tmp_path, answer))
    assert error.value.where == str(tmp_path)
    assert "strings [batch] into vectors [batch, n]" in error.value.hint


def test_encoder_with_nothing_to_train_is_refused(tmp_path: Path) -> None:
    given = {"encoder": save(tmp_path, lambda x, _: x), "trainable": True}
    with pytest.raises(ModelError, match="no variables that can be trained"):
        build_model("text_transfer", given, [TEXT], HEAD)


def test_folder_without_a_saved_model_is_refused_with_the_spec(tmp_path: Path) -> None:
    message = r"expected the folder of a SavedModel; it has no saved_model\.pb"
    with pytest.raises(SpecError, match=message):
        build_model("text_transfer", {"encoder": str(tmp_path)}, [TEXT], HEAD)


@pytest.mark.parametrize("features", [[], [TEXT, TensorFeature("title", "string")], OTHERS])
def test_other_than_one_string_is_refused(encoder: str, features: list[TensorFeature]) -> None:
    with pytest.raises(ModelError, match="text_transfer takes one text as a string") as error:
        build_model("text_transfer", {"encoder": encoder}, features, HEAD)
    assert "Make it with `text`" in error.value.hint


@pytest.mark.parametrize(
    "name", ["cnn", "gru", "mlp", "tabular_transformer", "text_gru", "wide_deep"]
)
def test_model_that_takes_no_strings_says_so(name: str) -> None:
    with pytest.raises(ModelError, match=r"review \(string\)") as error:
        build_model(name, {}, [TEXT, OTHERS[1]], HEAD)
    assert error.value.hint
