"""Transfer: weights come from a file, and are frozen before they are fine-tuned."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import TrainingData
from tfline.components.trainer.fine_tuning import find_phases
from tfline.components.trainer.fit import fit
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.cnn.applications import Application, family
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.optimizers import Sgd
from tfline.components.trainer.training import train_model
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError, SpecError

HEAD = TASKS["binary"].head(("no", "yes"))
GREY = TensorFeature("image", "image", (32, 32, 1))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Weights of a MobileNet that nobody has trained."""
    keras.utils.set_random_seed(5)
    base = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3))
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    base.save_weights(path)
    return str(path)


def build(weights: str, **arguments: Any) -> keras.Model:
    given = {"weights": weights, "application": "MobileNet", **arguments}
    return build_model("transfer", given, [GREY], HEAD)


def batches() -> TrainingData:
    """Returns two steps an epoch for four epochs, on 8 random images."""
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(8, 32, 32, 1)).astype(np.float32)
    y = rng.integers(0, 2, 8)
    data = tf.data.Dataset.from_tensor_slices(({"image": x}, y)).batch(4)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
    return TrainingData(data, data, data, epoch, steps_per_epoch=2, steps=8, records={})


@pytest.mark.parametrize("application", typing.get_args(Application))
def test_every_application_has_its_module(application: Application) -> None:
    module = getattr(keras.applications, family(application))
    assert callable(module.preprocess_input)
    if not application.startswith("MobileNetV3"):  # its module does not show its functions
        assert getattr(module, application) is getattr(keras.applications, application)


def test_every_size_of_an_image_network_is_offered() -> None:
    offered = {*typing.get_args(Application), "ConvNeXtLarge", "ConvNeXtXLarge"}
    assert offered == {name for name in dir(keras.applications) if name[0].isupper()}


def test_first_only_the_new_layer_learns_then_all(weights: str) -> None:
    model = build(weights, frozen_epochs=2)
    base = model.get_layer(model.base)
    before = base.get_weights()
    config = TrainConfig(epochs=4, optimizer=Sgd(), tensorboard=False)
    compile_model(model, HEAD, config, steps_per_execution=1)
    data = batches()
    [second] = find_phases(model, HEAD, config, data)
    kept = []
    begin = second.begin

    def begin_and_note() -> None:
        kept.append([np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True)])
        begin()

    object.__setattr__(second, "begin", begin_and_note)
    history = fit(model, data, config, None, None, [second])
    assert kept == [[True] * len(before)]
    assert history["learning_rate"] == pytest.approx([0.01, 0.01, 0.001, 0.001])
    trained = {weight.path for weight in model.trainable_weights}
    for weight, old in zip(base.weights, before, strict=True):
        is_normalization = "_bn" in weight.path
        assert (weight.path not in trained) is is_normalization
        if is_normalization:
            np.testing.assert_array_equal(weight, old)


def test_images_are_prepared_as_the_network_was_trained(weights: str) -> None:
    model = build(weights)
    x = np.random.default_rng(0).uniform(size=(2, 32, 32, 1)).astype(np.float32)
    [pooling] = [x for x in model.layers if isinstance(x, keras.layers.GlobalAveragePooling2D)]
    maps = keras.Model(model.input, pooling.input)({"image": x})
    expected = model.get_layer(model.base)(np.repeat(x, 3, axis=3) * 2 - 1)  # from -1 to 1
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-5)


def whole_network(path: Path) -> tuple[str, keras.Model]:
    """Returns the weights of a network of three classes, in a file, and the network."""
    keras.utils.set_random_seed(6)
    network = keras.applications.MobileNet(weights=None, input_shape=(32, 32, 3), classes=3)
    network.set_weights([3 * weight for weight in network.get_weights()])
    file = path / "whole.weights.h5"
    network.save_weights(file)
    return str(file), network


def test_network_with_its_own_top_answers_as_it_is(tmp_path: Path) -> None:
    file, network = whole_network(tmp_path)
    head = TASKS["multiclass"].head(("cat", "dog", "owl"))
    given = {"weights": file, "application": "MobileNet", "own_top": True, "frozen_epochs": 1}
    colour = TensorFeature("image", "image", (32, 32, 3))
    model = build_model("transfer", given, [colour], head)
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(8, 32, 32, 3)).astype(np.float32)
    data = tf.data.Dataset.from_tensor_slices(({"image": x}, rng.integers(0, 3, 8))).batch(4)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
    batches = TrainingData(data, data, data, epoch, steps_per_epoch=2, steps=2, records={})
    config = TrainConfig(epochs=1, tensorboard=False)
    compile_model(model, head, config, steps_per_execution=1)
    history = train_model(model, head, batches, config).history
    assert 0 <= history["val_accuracy"][0] <= 1
    expected = network(x * 2 - 1).numpy()
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(model({"image": x}), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("task", "classes", "arguments", "message"),
    [
        ("multiclass", "abcd", {}, "The weights are not those of MobileNet"),
        ("multiclass", "abc", {"hidden_units": [4]}, "Received: `hidden_units`"),
        ("binary", "ab", {}, "Received: the task binary"),
        ("ordinal", "abc", {}, "Received: the task ordinal"),
    ],
)
def test_label_that_is_not_that_of_the_own_top_is_refused(
    tmp_path: Path, task: str, classes: str, arguments: dict[str, Any], message: str
) -> None:
    given = {"weights": whole_network(tmp_path)[0], "application": "MobileNet", "own_top": True}
    with pytest.raises(ModelError, match=message) as error:
        build_model("transfer", {**given, **arguments}, [GREY], TASKS[task].head(tuple(classes)))
    assert error.value.hint


def test_model_is_loaded_as_it_was_saved(weights: str, tmp_path: Path) -> None:
    model = build(weights)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = {"image": np.random.default_rng(0).uniform(size=(2, 32, 32, 1)).astype(np.float32)}
    np.testing.assert_allclose(loaded(x), model(x), rtol=1e-5)
    assert (loaded.base, loaded.frozen_epochs, loaded.rate_factor) == (model.base, 3, 0.1)


def test_weights_that_are_not_there_are_refused() -> None:
    with pytest.raises(SpecError, match=r"there is no such file\. Received: weights='nowhere\.h5'"):
        build("nowhere.h5")


def test_weights_of_another_network_are_refused(weights: str) -> None:
    with pytest.raises(ModelError, match="The weights are not those of VGG16") as error:
        build(weights, application="VGG16")
    assert error.value.where == weights


def test_image_that_the_network_does_not_take_is_refused(weights: str) -> None:
    arguments = {"weights": weights, "application": "InceptionV3"}
    with pytest.raises(ModelError, match="InceptionV3 does not take such images") as error:
        build_model("transfer", arguments, [GREY], HEAD)
    assert "resize" in error.value.hint
