"""Beginning with the lower layers of a pushed model: frozen, and then trained one by one."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pydantic
import pytest
import tensorflow as tf

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.data import load_data
from tfline.components.trainer.fine_tuning import compile_again, find_phases
from tfline.components.trainer.layer_start import take_layers
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.optimizers import Sgd
from tfline.components.trainer.signatures import ServingModel
from tfline.components.trainer.start import LayersOfPushed, newest_model
from tfline.components.trainer.training import train_model
from tfline.components.trainer.warm_start import WarmStart
from tfline.transforms.errors import ModelError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case

MLP = {"hidden_units": [8, 6], "normalization": "batch", "dropout": 0.1}


def build(case: Case, name: str = "mlp", **arguments: Any) -> keras.Model:
    graph = case.graph()
    keras.utils.set_random_seed(len(arguments) + 7)
    return build_model(name, {**MLP, **arguments}, graph.features, graph.head)


@pytest.fixture(scope="module")
def pushed(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A push folder with two versions of a model for three classes, and that of the newer one."""
    folder, case = tmp_path_factory.mktemp("models") / "cities", cases["multiclass"]
    for number in (1, 2):
        model = build(case)
        for weights in model.trainable_variables:
            weights.assign(weights + 0.01 * number)
        serving = ServingModel(model, case.graph(), case.graph().head)
        tf.saved_model.save(serving, str(folder / str(number)), signatures=serving.signatures())
    return folder, model


def take(case: Case, model: keras.Model, folder: Path, **start: Any) -> WarmStart | None:
    config = LayersOfPushed(model=str(folder), **start)
    return take_layers(model, config.folder, case.graph(), case.train_files, config)


def test_newest_version_of_a_push_folder_is_taken(pushed: tuple[Path, Any], tmp_path: Path) -> None:
    folder, _ = pushed
    assert newest_model(str(folder)) == str(folder / "2")
    assert newest_model(str(folder / "1")) == str(folder / "1")
    assert newest_model(str(tmp_path)) is None
    for model in (tmp_path, tmp_path / "none"):
        with pytest.raises(pydantic.ValidationError, match="there is no pushed model"):
            TrainConfig.model_validate({"warm_start": {"model": str(model)}})


def test_lower_layers_have_the_weights_of_the_other_and_are_frozen(
    cases: dict[str, Case], pushed: tuple[Path, Any]
) -> None:
    folder, other = pushed
    model = build(cases["binary"], dropout=0.0)  # another label, and no dropout
    own = model.get_layer("output").get_weights()
    begun = take(cases["binary"], model, folder)
    layers = [layer for layer in model.layers if layer.weights]
    assert begun is not None
    assert begun.frozen == tuple(layer.name for layer in layers[:-1])
    theirs = [layer for layer in other.layers if layer.weights]
    for layer, like in zip(layers[:-1], theirs[:-1], strict=True):
        assert not layer.trainable
        for a, b in zip(layer.get_weights(), like.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert layers[-1].trainable
    for a, b in zip(layers[-1].get_weights(), own, strict=True):
        np.testing.assert_array_equal(a, b)


def test_some_of_the_layers_are_taken(cases: dict[str, Case], pushed: tuple[Path, Any]) -> None:
    model = build(cases["binary"], hidden_units=[8, 5])  # the second one is another
    begun = take(cases["binary"], model, pushed[0], layers=2)
    assert begun is not None
    assert len(begun.frozen) == 2
    assert (
        sum(layer.trainable for layer in model.layers if layer.weights)
        == len([layer for layer in model.layers if layer.weights]) - 2
    )


@pytest.mark.parametrize(
    ("arguments", "start", "message"),
    [
        ({"hidden_units": [9, 6]}, {}, r"The layer '.*' is not that .* \[.*, 9\], .* \[.*, 8\]"),
        ({"hidden_units": [8, 6, 4, 4, 4]}, {}, "the pushed model has"),
        (
            {},
            {"layers": 9},
            "layers with weights, of which the last is its own. Received: layers=9",
        ),
    ],
)
def test_layers_of_another_model_are_refused(
    cases: dict[str, Case],
    pushed: tuple[Path, Any],
    arguments: dict[str, Any],
    start: dict[str, Any],
    message: str,
) -> None:
    model = build(cases["binary"], **arguments)
    before = model.get_weights()
    with pytest.raises(ModelError, match=message) as error:
        take(cases["binary"], model, pushed[0], **start)
    assert error.value.hint
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # nothing is taken by halves


def test_layer_that_reads_another_vocabulary_is_refused(
    cases: dict[str, Case], pushed: tuple[Path, Any]
) -> None:
    model = build(cases["reordered"])
    with pytest.raises(ModelError, match="reads 'city', which has another vocabulary"):
        take(cases["reordered"], model, pushed[0])


def test_model_with_a_training_of_its_own_is_refused(
    cases: dict[str, Case], pushed: tuple[Path, Any]
) -> None:
    case = cases["binary"]
    arguments = {"hidden_units": [8], "loss_weights": [0.9, 0.1]}
    model = build_model("wide_deep", arguments, case.graph().features, case.graph().head)
    with pytest.raises(ModelError, match="is trained in a way of its own"):
        take(case, model, pushed[0])


def test_nothing_is_taken_or_frozen_before_the_first_push(cases: dict[str, Case]) -> None:
    case, model = cases["binary"], build(cases["binary"])
    assert take_layers(model, None, case.graph(), case.train_files, LayersOfPushed()) is None
    assert all(layer.trainable for layer in model.layers)


def train(case: Case, folder: Path, scratch: Path, **start: Any) -> tuple[keras.Model, Any, list]:
    """Trains for five epochs; returns the model, its history, and which layers each epoch moved."""
    model, head = build(case), case.graph().head
    config = TrainConfig.model_validate(
        {"epochs": 5, "optimizer": Sgd(), "learning_rate": 0.01, "batch_size": 20,
         "tensorboard": False, "warm_start": {"model": str(folder), **start}}
    )  # fmt: skip
    data = load_data(case.train_files, case.eval_files, case.graph(), config, str(scratch))
    compile_model(model, head, config, steps_per_execution=1)
    take(case, model, folder, **start)
    compile_again(model, head, config, data)
    layers = [layer for layer in model.layers if layer.trainable_weights or not layer.trainable]
    layers = [layer for layer in layers if isinstance(layer, keras.layers.Dense)]
    seen = [[layer.kernel.numpy() for layer in layers]]
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: seen.append([layer.kernel.numpy() for layer in layers])
    )
    fit = model.fit
    model.fit = lambda *args, callbacks, **more: fit(*args, callbacks=[*callbacks, note], **more)
    history = train_model(model, head, data, config).history
    moved = [
        [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
        for before, after in itertools.pairwise(seen)
    ]
    return model, history, moved


def test_layers_are_thawed_one_after_the_other_from_the_uppermost(
    cases: dict[str, Case], pushed: tuple[Path, Any], tmp_path: Path
) -> None:
    start = {"frozen_epochs": 2, "thaw_epochs": 1, "rate_factor": 0.5}
    model, history, moved = train(cases["binary"], pushed[0], tmp_path, **start)
    last_only, upper, all_three = [False, False, True], [False, True, True], [True, True, True]
    assert moved == [last_only, last_only, upper, all_three, all_three]
    np.testing.assert_allclose(history["learning_rate"], [0.01] * 2 + [0.005] * 3, rtol=1e-6)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert not layer.trainable


@pytest.mark.parametrize(("frozen", "still"), [(0, 0), (9, 5)])
def test_layers_are_thawed_all_at_once(
    cases: dict[str, Case], pushed: tuple[Path, Any], tmp_path: Path, frozen: int, still: int
) -> None:
    _, _, moved = train(cases["binary"], pushed[0], tmp_path, frozen_epochs=frozen)
    assert moved == [[False, False, True]] * still + [[True] * 3] * (5 - still)


def test_training_without_a_start_has_one_phase(cases: dict[str, Case], tmp_path: Path) -> None:
    case = cases["binary"]
    config = TrainConfig(warm_start=LayersOfPushed())
    data = load_data(case.train_files, case.eval_files, case.graph(), config, str(tmp_path))
    assert find_phases(build(case), case.graph().head, config, data) == []
