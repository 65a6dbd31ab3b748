"""The exported SavedModel: its signatures, its card, and that nothing half-written is left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.export import export, name_signatures
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.signatures import ServingModel, argument_names, present_values
from tfline.tasks.heads.head import Head
from tfline.transforms.threshold import FILE, read_threshold, threshold_text

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case

EVERY_CASE = pytest.mark.parametrize(
    ("name", "case"), [("cnn", "images"), ("mlp", "regression"), ("wide_deep", "binary")]
)

Export = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def exported(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Export:
    """Exports each model once, untrained."""
    folder = tmp_path_factory.mktemp("exports")

    def export_once(name: str, case: str) -> Path:
        path = folder / f"{name}-{case}"
        if not path.exists():
            graph = cases[case].graph()
            config = RunConfig.model_validate(
                {"pipeline": "p", "model": {"name": name}, "training_fingerprint": "abc"}
            )
            model = build_model(name, {}, graph.features, graph.head)
            export(model, graph, graph.head, config, str(path))
        return path

    return export_once


def signatures(path: Path) -> Any:
    return tf.saved_model.load(str(path)).signatures


def columns(examples: list[bytes], dtypes: dict[str, str]) -> dict[str, tf.Tensor]:
    """Returns the raw features of examples as the signature `columns` takes them."""
    missing = {"float32": np.nan, "int64": np.iinfo(np.int64).min, "string": b""}
    found: dict[str, list[Any]] = {key: [] for key in dtypes}
    for record in examples:
        features = tf.train.Example.FromString(record).features.feature
        for key, dtype in dtypes.items():
            kind = features[key].WhichOneof("kind") if key in features else None
            value = getattr(features[key], kind).value[0] if kind else missing[dtype]
            found[key].append(value)
    return {key: tf.constant(found[key], dtype) for key, dtype in dtypes.items()}


@EVERY_CASE
def test_signatures_agree(exported: Export, cases: dict[str, Case], name: str, case: str) -> None:
    path = exported(name, case)
    card = json.loads((path / "assets.extra" / "tfline.json").read_text())
    loaded = signatures(path)
    examples = cases[case].examples[:12]
    answer = loaded["serving_default"](examples=tf.constant(examples))
    by_column = loaded["columns"](**columns(examples, card["features"]))
    assert set(answer) == set(by_column)
    for key, tensor in answer.items():
        np.testing.assert_array_equal(tensor.numpy(), by_column[key].numpy())
    if case == "regression":
        scores = loaded["regress"](inputs=tf.constant(examples))
        np.testing.assert_array_equal(scores["outputs"].numpy(), answer["prediction"].numpy())
        assert "classify" not in loaded
    else:
        scores = loaded["classify"](inputs=tf.constant(examples))
        np.testing.assert_array_equal(scores["scores"].numpy(), answer["probabilities"].numpy())
        np.testing.assert_array_equal(scores["classes"].numpy(), answer["classes"].numpy())
        assert "regress" not in loaded


@EVERY_CASE
def test_answers_have_shapes_and_dtypes_of_the_task(
    exported: Export, cases: dict[str, Case], name: str, case: str
) -> None:
    answer = signatures(exported(name, case))["serving_default"](
        examples=tf.constant(cases[case].examples[:5])
    )
    if case == "regression":
        assert answer["prediction"].shape == [5]
        assert answer["prediction"].dtype == tf.float32
        return
    names = cases[case].graph().metadata.classes
    probabilities = answer["probabilities"].numpy()
    assert probabilities.shape == (5, len(names))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert [c.decode() for c in answer["classes"].numpy()[4]] == list(names)
    expected = [names[i] for i in probabilities.argmax(axis=1)]
    assert [label.decode() for label in answer["label"].numpy()] == expected


def test_model_answers_without_any_feature(exported: Export) -> None:
    empty = tf.constant([tf.train.Example().SerializeToString()])
    answer = signatures(exported("wide_deep", "binary"))["serving_default"](examples=empty)
    assert np.isfinite(answer["probabilities"].numpy()).all()


def test_no_record_is_answered_by_none(exported: Export) -> None:
    answer = signatures(exported("wide_deep", "binary"))["serving_default"](
        examples=tf.constant([], tf.string)
    )
    assert answer["probabilities"].shape == [0, 2]


def test_multi_label_answers_with_a_decision_a_class(
    exported: Export, cases: dict[str, Case]
) -> None:
    loaded = signatures(exported("mlp", "multilabel"))
    answer = loaded["serving_default"](examples=tf.constant(cases["multilabel"].examples[:5]))
    probabilities = answer["probabilities"].numpy()
    assert probabilities.shape == (5, 4)
    np.testing.assert_array_equal(answer["decisions"].numpy(), probabilities >= 0.5)
    assert answer["decisions"].dtype == tf.int64
    assert answer["classes"].numpy()[4].tolist() == [b"Bern", b"Lima", b"Oslo", b"old"]


@pytest.mark.parametrize(("name", "case"), [("gru", "series"), ("text_gru", "texts")])
def test_lists_are_columns_too(
    exported: Export, cases: dict[str, Case], name: str, case: str
) -> None:
    loaded = signatures(exported(name, case))
    examples = cases[case].examples[:12]
    key = cases[case].graph().metadata.features[0].name
    parsed = tf.io.parse_example(
        examples, {key: tf.io.RaggedFeature(tf.float32 if key == "load" else tf.string)}
    )[key]
    column = parsed.to_tensor(float("nan") if key == "load" else "")
    by_example = loaded["serving_default"](examples=tf.constant(examples))["prediction"]
    by_column = loaded["columns"](**{key: column})["prediction"]
    np.testing.assert_array_equal(by_column.numpy(), by_example.numpy())


@pytest.mark.parametrize("name", ["gru", "wavenet"])
def test_forecast_at_each_step_answers_with_the_last(
    exported: Export, cases: dict[str, Case], name: str
) -> None:
    graph, examples = cases["series"].graph(), tf.constant(cases["series"].examples[:12])
    features, label = graph.labelled(examples)
    assert label.shape == [12, 6, 2]
    loaded = signatures(exported(name, "series"))
    model = build_model(name, {}, graph.features, graph.head)
    assert model(features).shape == [12, 6, 2]
    assert loaded["serving_default"](examples=examples)["prediction"].shape == [12, 2]
    last = loaded["transform_label"](examples=examples)["label"]
    np.testing.assert_array_equal(last.numpy(), label[:, -1].numpy())


def test_forecast_answers_with_a_number_a_step(exported: Export, cases: dict[str, Case]) -> None:
    loaded = signatures(exported("mlp", "forecast"))
    answer = loaded["serving_default"](examples=tf.constant(cases["forecast"].examples[:5]))
    assert answer["prediction"].shape == [5, 2]
    assert "regress" not in loaded


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("binary", [1, 1, 0]),
        ("multilabel", [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 0]]),
        ("forecast", [[1.7, 2.7], [1.3, 2.3], [1.0, 2.0]]),
    ],
)
def test_label_is_given_as_the_model_was_trained_on_it(
    exported: Export, cases: dict[str, Case], case: str, expected: list[Any]
) -> None:
    name = "wide_deep" if case == "binary" else "mlp"
    transform = signatures(exported(name, case))["transform_label"]
    label = transform(examples=tf.constant(cases[case].examples[:3]))["label"]
    np.testing.assert_allclose(label, expected, rtol=1e-6)


def test_label_is_an_input_of_no_signature(exported: Export) -> None:
    for signature in signatures(exported("wide_deep", "binary")).values():
        assert "label" not in signature.structured_input_signature[1]


def test_transform_features_gives_inputs_of_the_model(
    exported: Export, cases: dict[str, Case]
) -> None:
    features = signatures(exported("wide_deep", "binary"))["transform_features"](
        examples=tf.constant(cases["binary"].examples[:9])
    )
    assert set(features) == {"age", "city", "day"}
    assert features["city"].dtype == tf.int64
    assert features["city"].numpy().tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 3]
    assert features["day"].shape == [9, 2]


@pytest.mark.parametrize(("case", "method"), [("binary", "classify"), ("regression", "regress")])
def test_classify_and_regress_have_their_method(exported: Export, case: str, method: str) -> None:
    name = "mlp" if case == "regression" else "wide_deep"
    content = (exported(name, case) / "saved_model.pb").read_bytes()
    defs = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].signature_def
    assert defs[method].method_name == f"tensorflow/serving/{method}"
    assert defs["serving_default"].method_name == "tensorflow/serving/predict"


def test_card_says_what_the_model_is(exported: Export) -> None:
    path = exported("wide_deep", "binary") / "assets.extra" / "tfline.json"
    assert json.loads(path.read_text()) == {
        "format": 1,
        "pipeline": "p",
        "task": "binary",
        "label": "label",
        "size": 1,
        "classes": ["no", "yes"],
        "class_values": ["no", "yes"],
        "features": {"age": "float32", "city": "string", "day": "int64"},
        "model": "wide_deep",
        "inputs": ["age", "city", "day"],
        "target": "",
        "naive_error": None,
        "series": None,
        "naive_errors": {},
        "intervals": None,
        "training_fingerprint": "abc",
    }


def test_export_leaves_nothing_beside_itself(exported: Export) -> None:
    path = exported("wide_deep", "binary")
    assert not list(path.parent.glob("*.partial"))


def test_columns_keep_names_that_functions_refuse(tmp_path: Path, cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    model = build_model("wide_deep", {}, graph.features, graph.head)
    serving = ServingModel(model, graph, graph.head)
    names = {"age": "tfline_column_0", "city": "tfline_column_1", "day": "day"}
    serving.arguments = names
    tf.saved_model.save(serving, str(tmp_path), signatures=serving.signatures())
    name_signatures(str(tmp_path), names)
    content = (tmp_path / "saved_model.pb").read_bytes()
    defs = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].signature_def
    assert set(defs["columns"].inputs) == {"age", "city", "day"}


def test_arguments_are_names_of_python() -> None:
    keys = ["age", "size (cm)", "class", "self", "image/encoded", "größe", "_hidden"]
    assert list(argument_names(keys).values()) == [
        "age",
        *(f"tfline_column_{index}" for index in range(1, 7)),
    ]


@pytest.mark.parametrize(
    ("column", "present"),
    [
        ([1.0, np.nan, 3.0], [1.0, 3.0]),
        ([b"a", b"", b"c"], [b"a", b"c"]),
        (np.array([0, np.iinfo(np.int64).min, 2]), [0, 2]),
    ],
)
def test_missing_values_of_a_column_are_left_out(column: Any, present: list[Any]) -> None:
    sparse = present_values(tf.constant(column))
    assert sparse.values.numpy().tolist() == present
    assert sparse.indices.numpy().tolist() == [[0, 0], [2, 0]]
    assert sparse.dense_shape.numpy().tolist() == [3, 1]


def test_optimizer_is_no_part_of_an_export(tmp_path: Path, cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    model = build_model("mlp", {}, graph.features, graph.head)
    model.compile("adam", "binary_crossentropy")
    model.optimizer.build(model.trainable_variables)
    config = RunConfig.model_validate(
        {"pipeline": "p", "model": {"name": "mlp"}, "training_fingerprint": "abc"}
    )
    export(model, graph, graph.head, config, str(tmp_path / "model"))
    reader = tf.train.load_checkpoint(str(tmp_path / "model" / "variables" / "variables"))
    dtypes = reader.get_variable_to_dtype_map()
    numbers = [
        int(np.prod(shape))
        for name, shape in reader.get_variable_to_shape_map().items()
        if dtypes[name] == tf.float32
    ]
    assert sum(numbers) == model.count_params()


@pytest.mark.parametrize(("case", "output"), [("binary", "label"), ("multilabel", "decisions")])
def test_threshold_among_the_assets_is_what_a_loaded_model_decides_by(
    exported: Export, cases: dict[str, Case], tmp_path: Path, case: str, output: str
) -> None:
    path = Path(shutil.copytree(exported("mlp", case), tmp_path / "model"))
    card = json.loads((path / "assets.extra" / "tfline.json").read_text())
    assert read_threshold((path / FILE).read_text) == 0.5
    examples = tf.constant(cases[case].examples[:12])
    before = signatures(path)["serving_default"](examples=examples)
    positive = before["probabilities"].numpy()
    threshold = float(np.sort(positive[:, 1])[6])  # as many decisions of each kind
    (path / FILE).write_text(threshold_text(threshold))
    after = signatures(path)["serving_default"](examples=examples)
    assert (after["probabilities"].numpy() == positive).all()
    if output == "decisions":
        assert (after[output].numpy() == (positive >= np.float32(threshold))).all()
    else:
        expected = np.array(card["classes"], "S")[(positive[:, 1] >= threshold).astype(int)]
        assert after[output].numpy().tolist() == expected.tolist()
        assert len(set(expected)) == 2


def test_model_that_decides_by_nothing_has_no_threshold(exported: Export) -> None:
    assert not (exported("mlp", "regression") / FILE).exists()


@EVERY_CASE
def test_variables_are_found_by_a_server(
    exported: Export, cases: dict[str, Case], name: str, case: str
) -> None:
    """A server in C++ restores by the operation that the file names, not by Python's objects."""
    path = exported(name, case)
    examples = cases[case].examples[:3]
    expected = signatures(path)["serving_default"](examples=tf.constant(examples))
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(path))
        signature = loaded.signature_def["serving_default"]
        outputs = {key: info.name for key, info in signature.outputs.items()}
        found = session.run(outputs, {signature.inputs["examples"].name: examples})
    for key, tensor in expected.items():
        if tensor.dtype == tf.string:
            assert found[key].tolist() == tensor.numpy().tolist()
        else:
            np.testing.assert_allclose(found[key], tensor.numpy(), rtol=1e-5)


def with_vocabulary(features: tuple[TensorFeature, ...], head: Head) -> keras.Model:
    """A user's model with a table of its own."""
    inputs = build_inputs(features)
    index = keras.layers.IntegerLookup(vocabulary=[3, 5])(inputs["city"])
    hot = keras.layers.CategoryEncoding(3, output_mode="one_hot")(index)
    return keras.Model(inputs, head.output(hot))


def test_tables_of_a_users_model_are_exported(tmp_path: Path, cases: dict[str, Case]) -> None:
    graph = cases["binary"].graph()
    model = build_model(f"{__name__}.with_vocabulary", {}, graph.features, graph.head)
    config = RunConfig.model_validate(
        {"pipeline": "p", "model": {"name": "own"}, "training_fingerprint": "abc"}
    )
    export(model, graph, graph.head, config, str(tmp_path / "model"))
    examples = tf.constant(cases["binary"].examples[:3])
    features, _ = graph.labelled(examples)
    answer = signatures(tmp_path / "model")["serving_default"](examples=examples)
    np.testing.assert_allclose(answer["probabilities"][:, 1:], model(features), rtol=1e-6)
