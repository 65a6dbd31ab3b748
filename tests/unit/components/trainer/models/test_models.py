"""The contract that every model keeps, and what is particular to each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig, TrainConfig
from tfline.components.trainer.export import export
from tfline.components.trainer.models import MODELS, OWN_TRAINED, REPEATING, TREES
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.generation.generator import find_generator
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.optimizers import Sgd
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.serving.client import Client, Prediction
from tfline.serving.errors import RequestError
from tfline.serving.process import ServerProcess, start_server
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.text import TARGET
from tfline.tasks.table import TASKS
from tfline.transforms.target_text import with_specials

AGE = TensorFeature("age", "numeric")
CITY = TensorFeature("city name", "index", depth=4)
DAY = TensorFeature("day", "numeric", (7,))


def image(side: int) -> TensorFeature:
    return TensorFeature("image", "image", (side, side, 1))


IMAGE = image(28)
TABLE = (AGE, CITY, DAY)

TEXT = (TensorFeature("text", "index", (6,), depth=9), AGE, CITY)
SERIES = (
    TensorFeature("load", "numeric", (12,)),
    TensorFeature("weather", "numeric", (12, 2)),
    AGE,
    CITY,
)

TOKENS = tuple(with_specials(["a", "b", "c"], marks=True))
SOURCE = TensorFeature("source", "index", (4,), depth=9)
PROMPT = TensorFeature("prompt", "index", (6,), depth=len(TOKENS) - 1)

HEADS: dict[str, Head] = {
    "multiclass": TASKS["multiclass"].head(tuple("abcdefghij")),
    "binary": TASKS["binary"].head(("no", "yes")),
    "multilabel": TASKS["multilabel"].head(tuple("abc")),
    "regression": TASKS["regression"].head(),
    "forecast": TASKS["forecast"].head(size=4),
    "box": TASKS["box"].head(tuple("abc")),
    "boxes": TASKS["boxes"].head(tuple("ab"), size=3),
    "mask": TASKS["mask"].head(("low", "high"), size=64),
    "image": TASKS["image"].head(size=64),
    "text": TASKS["text"].head(TOKENS, size=6),
}
"""What each task has to predict."""

VECTORS = ("multiclass", "binary", "multilabel", "regression", "forecast", "box", "image")
"""Tasks whose output is made of a vector: those of most models."""

NARROW = {"width": 1 / 16}

# TensorFlow takes five times as long to trace the updates of Adam.
SGD = TrainConfig(optimizer=Sgd(), learning_rate=0.2)
SLOW, FAST = (SGD.model_copy(update={"learning_rate": rate}) for rate in (0.1, 1.0))


class Small(NamedTuple):
    """Features and tasks that a model is for, and what makes it quick to build and to fit."""

    features: tuple[TensorFeature, ...]
    arguments: dict[str, Any] = {}
    tasks: tuple[str, ...] = VECTORS
    train: TrainConfig = SGD


SMALL = {
    "alexnet": Small((image(67),), {**NARROW, "hidden_units": [32], "normalization": "batch"}),
    "autoencoder_mlp": Small(TABLE),
    "char_rnn": Small((PROMPT,), {"units": 32}, ("text",)),
    "cnn": Small((IMAGE,)),
    "conv_gru": Small(SERIES, train=FAST),
    "deep_cnn": Small((IMAGE,), {"width": 1 / 8}),
    "deep_rnn": Small(SERIES),
    "detector": Small((image(16),), {"filters": [16, 32], "cell": 2}, ("boxes",), SLOW),
    "googlenet": Small(
        (image(32),), {**NARROW, "activation": "elu", "initializer": "he_normal"}, train=SLOW
    ),
    "gru": Small(SERIES, train=FAST),
    "layer_norm_rnn": Small(SERIES),
    "lenet5": Small((IMAGE,)),
    "localizer": Small((image(16),), {"filters": [8, 16], "hidden_units": [32]}, ("box",)),
    "lstm": Small(SERIES, train=FAST),
    "mlp": Small(TABLE),
    "residual_mlp": Small(TABLE),
    "resnet34": Small((image(32),), {**NARROW, "units": [1, 1, 1, 1]}),
    "se_resnet": Small((image(32),), {**NARROW, "units": [1, 1, 1, 1]}),
    "segmenter": Small((image(8),), {"filters": [8, 16]}, ("mask", "image")),
    "seq2seq": Small(
        (SOURCE,),
        {"units": 32, "embedding_units": 16},
        ("text",),
        TrainConfig(learning_rate=0.01),
    ),
    "simple_rnn": Small(SERIES),
    "tabular_transformer": Small(TABLE, {"blocks": 1}),
    "text_gru": Small(TEXT, train=FAST),
    "text_transformer": Small(TEXT, {"blocks": 1}),
    "translator": Small((SOURCE,), {"units": 32, "hidden_units": 32, "blocks": 1}, ("text",)),
    "vgg16": Small((image(32),), {**NARROW, "hidden_units": [32], "normalization": "batch"}),
    "vision_transformer": Small((IMAGE,), {"blocks": 1, "patch_size": 14}),
    "wavenet": Small(SERIES),
    "wide_deep": Small(TABLE),
    "xception": Small((image(32),), {**NARROW, "middle_blocks": 1}),
}

# More of these is in `cnn/test_transfer.py` and `test_text_transfer.py`.
TRANSFER = {"transfer": (image(32),), "text_transfer": (TensorFeature("text", "string"),)}
"""The models that begin with a trained network, and the features that they are for."""

OPTIONS = {"dropout": 0.5, "initializer": "he_normal", "l1": 0.1, "l2": 0.1, "max_norm": 2.0}
"""Those that the layers of all models have."""

MOST_STEPS = 200
"""Enough for each small model to learn 32 random examples by heart."""

BY_HEART = 0.95
"""The accuracy from which on it has."""

ALL = pytest.mark.parametrize("name", list(SMALL))
EACH_TASK = pytest.mark.parametrize(
    ("name", "task"), [(name, task) for name, small in SMALL.items() for task in small.tasks]
)


def batch(
    features: tuple[TensorFeature, ...], head: Head
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Returns 32 random examples."""
    rng = np.random.default_rng(0)
    x: dict[str, np.ndarray] = {}
    for feature in features:
        if feature.kind == "index":
            x[feature.name] = rng.integers(0, feature.depth, (32, *feature.shape))
        elif feature.kind == "string":
            x[feature.name] = rng.permutation(["good monday", "bad", "", "what?"] * 8)
        else:
            x[feature.name] = rng.normal(size=(32, *feature.shape)).astype(np.float32)
    if head.task == "multilabel":
        return x, rng.integers(0, 2, (32, head.units)).astype(np.float32)
    if head.task in ("box", "boxes"):  # several objects a picture, or one
        shape = (32,) if head.task == "box" else (32, head.size)
        low, high = rng.uniform(0, 0.5, (*shape, 2)), rng.uniform(0.5, 1, (*shape, 2))
        kind = rng.integers(0, len(head.classes), (*shape, 1))
        return x, np.concatenate([kind, low, high], axis=-1).astype(np.float32)
    if head.task == "mask":
        return x, (x["image"].reshape(32, head.size) > 0).astype(np.int64)
    if head.task == "text":
        label = np.zeros([32, head.size], np.int64)
        for row, words in zip(label, rng.integers(1, 5, 32), strict=True):
            row[: words + 2] = [5, *rng.integers(2, 5, words), 6]  # between the marks
        return {**x, TARGET: label[:, :-1]}, label[:, 1:]
    if head.classes:
        return x, rng.integers(0, len(head.classes), 32)
    return x, rng.normal(size=(32, head.size)).astype(np.float32)


def build(name: str, task: str, arguments: Mapping[str, Any] | None = None) -> keras.Model:
    """Builds and compiles a small model for the features that fit it."""
    small, head = SMALL[name], HEADS[task]
    keras.utils.set_random_seed(1)
    model = build_model(name, {**small.arguments, **(arguments or {})}, small.features, head)
    compile_model(model, head, small.train, steps_per_execution=1)
    return model


@dataclasses.dataclass(frozen=True)
class Fitted:
    """A model after some steps on one batch of random examples and classes, without dropout."""

    model: keras.Model
    x: dict[str, np.ndarray]
    losses: list[float]
    accuracy: float


@pytest.fixture(scope="module")
def fit_once() -> Callable[[str], Fitted]:
    """Fits each model once."""
    done: dict[str, Fitted] = {}

    def fit(name: str) -> Fitted:
        if name not in done:
            task = SMALL[name].tasks[0]
            x, y = batch(SMALL[name].features, HEADS[task])
            model = build(name, task, {"dropout": 0.0})
            steps = [model.train_on_batch(x, y) for _ in range(2)]
            while steps[-1][-1] < BY_HEART and len(steps) < MOST_STEPS:
                steps.append(model.train_on_batch(x, y))
            done[name] = Fitted(model, x, [float(step[0]) for step in steps], float(steps[-1][-1]))
        return done[name]

    return fit


@pytest.fixture(scope="module")
def transferred(tmp_path_factory: pytest.TempPathFactory, encoder: str) -> dict[str, keras.Model]:
    """Models on a network of images that nobody has trained, and on an encoder of texts."""
    keras.utils.set_random_seed(1)
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    base = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3))
    base.set_weights([4 * weight for weight in base.get_weights()])  # or all answers are the same
    base.save_weights(path)
    arguments: dict[str, dict[str, Any]] = {
        "transfer": {"weights": str(path), "application": "MobileNet"},
        "text_transfer": {"encoder": encoder},
    }
    head = HEADS["multiclass"]
    return {name: build_model(name, arguments[name], TRANSFER[name], head) for name in TRANSFER}


def learnt_from(name: str) -> Small:
    """Returns what a model that trains itself is for."""
    return Small(SERIES[:1], tasks=("forecast",)) if name in REPEATING else Small(TABLE)


@pytest.fixture(scope="module")
def learnt() -> dict[str, keras.Model]:
    """Models that train themselves, by random examples; `linear` and `trees` have more."""
    models = {}
    for name in OWN_TRAINED:
        features, _, (task, *_), _ = learnt_from(name)
        head = HEADS[task]
        data = tf.data.Dataset.from_tensors(batch(features, head))
        arguments = {"num_trees": 3, "min_examples": 1} if name in TREES else {}
        model = models[name] = build_model(name, arguments, features, head)
        compile_model(model, head, TrainConfig(), steps_per_execution=1)
        model.learn(data, data, TrainConfig(), None)
    return models


class Exported(NamedTuple):
    """A model of this process, a batch of its inputs, and the graph that it was exported with."""

    model: keras.Model
    x: dict[str, np.ndarray]
    graph: TransformGraph


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all exported models."""
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def exported(
    exports: Path,
    fit_once: Callable[[str], Fitted],
    transferred: dict[str, keras.Model],
    learnt: dict[str, keras.Model],
    graph_of: Callable[[Path, Sequence[TensorFeature], Head], TransformGraph],
) -> dict[str, Exported]:
    """Every model, as a first version in a folder of its name."""
    done = {}
    for name in MODELS:
        other = learnt_from(name) if name in OWN_TRAINED else Small(TRANSFER.get(name, ()))
        features, _, (task, *_), _ = SMALL.get(name, other)
        graph = graph_of(exports / name / "graph", features, HEADS[task])
        model = fit_once(name).model if name in SMALL else {**transferred, **learnt}[name]
        config = {"pipeline": name, "model": {"name": name}, "training_fingerprint": ""}
        export(
            model, graph, graph.head, RunConfig.model_validate(config), str(exports / name / "1")
        )
        done[name] = Exported(model, batch(features, HEADS[task])[0], graph)
    return done


@pytest.fixture(scope="module")
def server(exports: Path, exported: dict[str, Exported]) -> Iterator[ServerProcess]:
    """One model server with all of them."""
    models = "".join(
        f'config {{ name: "{name}" base_path: "{exports / name}" model_platform: "tensorflow" }}\n'
        for name in exported
    )
    config = exports / "models.config"
    config.write_text(f"model_config_list {{ {models} }}")
    with start_server(exports / "mlp", "mlp", flags=[f"--model_config_file={config}"]) as process:
        yield process


def test_every_model_is_tested() -> None:
    assert SMALL.keys() | TRANSFER.keys() | OWN_TRAINED == MODELS.keys()


@EACH_TASK
@pytest.mark.usefixtures("without_weights")
def test_output_has_shape_and_dtype_of_its_task(name: str, task: str) -> None:
    small = SMALL[name]
    model = build_model(name, small.arguments, small.features, HEADS[task])
    if task == "boxes":
        assert model.output_shape == (None, 8, 8, 6)
    else:
        assert model.output_shape == HEADS[task].output_shape
    assert model.output.dtype == "float32"


@pytest.mark.parametrize("task", VECTORS)
def test_output_has_range_of_its_task(task: str) -> None:
    head = HEADS[task]
    x, _ = batch(TABLE, head)
    y = build("mlp", task)(x).numpy()
    assert y.shape == (32, head.units)
    if task in ("multiclass", "box"):
        np.testing.assert_allclose(y[:, : len(head.classes)].sum(axis=1), 1, rtol=1e-5)
    if head.classes:
        assert ((y > 0) & (y < 1)).all()


@ALL
def test_step_lowers_the_loss_of_its_batch(name: str, fit_once: Callable[[str], Fitted]) -> None:
    first, second, *_ = fit_once(name).losses
    assert second < first


@pytest.mark.parametrize("name", [name for name in SMALL if name not in ("char_rnn", "detector")])
def test_random_classes_are_learnt_by_heart(name: str, fit_once: Callable[[str], Fitted]) -> None:
    assert fit_once(name).accuracy >= BY_HEART


@ALL
def test_save_and_load_agree(name: str, fit_once: Callable[[str], Fitted], tmp_path: Path) -> None:
    fitted = fit_once(name)
    fitted.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(fitted.x).numpy(), fitted.model(fitted.x).numpy())


def multiplying(model: keras.Model) -> list[np.ndarray]:
    """Returns all weights of a model that are multiplied with something."""
    others = ("bias", "alpha", "positions")
    return [
        variable.numpy()
        for variable in model.trainable_variables
        if len(variable.shape) > 1 and variable.name not in others
    ]


def penalty(model: keras.Model, l1: float, l2: float) -> float:
    """Returns what these weights cost."""
    weights = multiplying(model)
    return float(sum(l1 * np.abs(weight).sum() + l2 * (weight**2).sum() for weight in weights))


@ALL
def test_huge_penalty_empties_all_weights_in_training(name: str) -> None:
    task = SMALL[name].tasks[0]
    x, y = batch(SMALL[name].features, HEADS[task])
    model = build(name, task, {"l2": 1e6, "dropout": 0.0})
    # Of a weight w, a step of gradient descent leaves w - rate * (2 * l2 * w + the error's share).
    train = TrainConfig(optimizer=Sgd(), learning_rate=0.5e-6)
    compile_model(model, HEADS[task], train, steps_per_execution=1)
    model.run_eagerly = True  # a single step: to trace it takes longer
    before = multiplying(model)
    model.train_on_batch(x, y)
    assert max(np.abs(weight).max() for weight in before) > 0.1
    assert max(np.abs(weight).max() for weight in multiplying(model)) < 1e-3


@ALL
def test_options_of_layers_keep_weights_small_and_leave_inference_alone(name: str) -> None:
    task = SMALL[name].tasks[0]
    x, _ = batch(SMALL[name].features, HEADS[task])
    model = build(name, task, OPTIONS)
    assert float(sum(model.losses)) == pytest.approx(penalty(model, 0.1, 0.1), rel=1e-4)
    first, second = (model(x, training=False).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    first, second = (np.asarray(model(x, training=True)) for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", MODELS)
def test_model_server_answers_as_the_model_does(
    name: str, exported: dict[str, Exported], server: ServerProcess
) -> None:
    model, x, graph = exported[name]
    inputs = {feature.name: x[feature.name][:3] for feature in graph.features}
    generator = find_generator(model)
    tensors = {key: tf.constant(value) for key, value in inputs.items()}
    y = generator.search(tensors) if generator else model(tensors, training=False)
    expected = {key: value.numpy() for key, value in graph.task.answer(y, graph.metadata).items()}
    rows = [{key: value[row].ravel().tolist() for key, value in inputs.items()} for row in range(3)]
    with Client(server.target, name, timeout=60) as client:
        answers = [named(prediction) for prediction in client.predict(rows)]
    for key in expected.keys() - {"classes"}:
        received = [one[key] for one in answers]
        if expected[key].dtype == np.float32:
            np.testing.assert_allclose(received, expected[key], rtol=1e-5, atol=1e-5)
            assert np.ptp(received, axis=0).max() > 1e-4  # the answer follows from the input
        else:
            np.testing.assert_array_equal(received, expected[key].astype(np.array(received).dtype))


def test_client_draws_texts(server: ServerProcess) -> None:
    rows = [{"source": [1, 2, 3, 4]}] * 4
    with Client(server.target, "translator", timeout=60) as client:
        first, other = (client.sample(rows, temperature=2.0, seed=seed) for seed in (1, 2))
        greedy = client.sample(rows, temperature=0.0)
    assert first[1:] == other[:-1]  # a text follows from its seed
    assert len({answer.texts for answer in first}) > 1
    assert len({answer.texts for answer in greedy}) == 1
    with Client(server.target, "mlp") as client, pytest.raises(RequestError) as caught:
        client.sample([{"age": 1.0}])
    assert "Only a model that writes texts" in caught.value.hint


def named(prediction: Prediction) -> dict[str, Any]:
    """Returns a prediction under the names that the outputs of a signature have."""
    found = prediction.objects or ()
    room = HEADS["boxes"].size - len(found)
    return {
        "num_detections": len(found),
        "detection_boxes": [*(one.box for one in found), *[(0.0,) * 4] * room],
        "detection_scores": [*(one.score for one in found), *[0.0] * room],
        "detection_classes": [*("ab".index(one.label) for one in found), *[-1] * room],
        "label": prediction.label,
        "prediction": prediction.values,
        "probabilities": [*prediction.probabilities.values()],
        "box": prediction.box,
        "mask": prediction.mask,
        "sequences": prediction.texts,
        "scores": prediction.scores,
    }
