"""The card of a model, and its predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest
import tensorflow as tf

from tfline.components.evaluator.reading.model import ModelCard, Predictor, read_card
from tfline.transforms.errors import ModelError

CARD: dict[str, Any] = {
    "format": 1,
    "pipeline": "taxi",
    "task": "binary",
    "label": "tip",
    "classes": ["no", "yes"],
    "class_values": [0, 1],
    "features": {"fare": "float32"},
    "model": "mlp",
    "training_fingerprint": "f",
}


def save(path: Path, outputs: dict[str, Any]) -> str:
    """Saves a model that answers each record with the same outputs."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return {key: tf.tile([value], [tf.size(examples), 1]) for key, value in outputs.items()}

    tf.saved_model.save(module, str(path), signatures={"serving_default": serve})
    return str(path)


def write_card(path: Path, text: str) -> None:
    (path / "assets.extra").mkdir(parents=True)
    (path / "assets.extra" / "tfline.json").write_text(text)


def test_card_is_read(tmp_path: Path) -> None:
    write_card(tmp_path, json.dumps(CARD))
    card = read_card(str(tmp_path))
    assert (card.task, card.label, card.classes) == ("binary", "tip", ("no", "yes"))


def test_missing_card_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not say what it predicts"):
        read_card(str(tmp_path))


@pytest.mark.parametrize("text", ["{", '{"format": 2}', json.dumps({**CARD, "classes": ["no"]})])
def test_unreadable_card_is_an_error(tmp_path: Path, text: str) -> None:
    write_card(tmp_path, text)
    with pytest.raises(ModelError, match="cannot be read"):
        read_card(str(tmp_path))


def test_binary_card_needs_two_classes() -> None:
    with pytest.raises(pydantic.ValidationError, match="has 2 classes"):
        ModelCard(format=1, task="binary", label="y", classes=("a",), class_values=(1,))


def test_models_with_other_classes_are_not_comparable() -> None:
    card = ModelCard.model_validate(CARD, strict=False)
    assert card.comparable(card.model_copy(update={"classes": ("stingy", "generous")}))
    assert not card.comparable(card.model_copy(update={"class_values": (1, 0)}))
    assert not card.comparable(card.model_copy(update={"label": "fare"}))


@pytest.mark.parametrize(
    ("task", "outputs", "expected"),
    [
        ("binary", {"probabilities": [0.25, 0.75]}, [0.75, 0.75]),
        ("multiclass", {"probabilities": [0.25, 0.75]}, [[0.25, 0.75]] * 2),
        ("regression", {"prediction": [3.5]}, [3.5, 3.5]),
    ],
)
def test_predictor_returns_what_the_task_needs(
    tmp_path: Path, task: str, outputs: dict[str, Any], expected: list[Any]
) -> None:
    classes = CARD if "probabilities" in outputs else {**CARD, "classes": [], "class_values": []}
    card = ModelCard.model_validate({**classes, "task": task}, strict=False)
    predict = Predictor(save(tmp_path, outputs), card)
    assert predict(tf.constant([b"", b""])).numpy().tolist() == expected


def test_predictors_of_a_folder_share_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    load = tf.saved_model.load
    monkeypatch.setattr(tf.saved_model, "load", lambda path: loaded.append(path) or load(path))
    card = ModelCard.model_validate(CARD, strict=False)
    path = save(tmp_path, {"probabilities": [0.25, 0.75]})
    held = Predictor(path, card)
    texts = tf.constant([b""])
    assert Predictor(path, card)(texts).numpy().tolist() == held(texts).numpy().tolist()
    assert loaded == [path]


def test_predictor_refuses_a_signature_without_the_output(tmp_path: Path) -> None:
    card = ModelCard.model_validate(CARD, strict=False)
    with pytest.raises(ModelError, match="has to return 'probabilities'"):
        Predictor(save(tmp_path, {"prediction": [1.0]}), card)


def test_predictor_refuses_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        Predictor(str(tmp_path), ModelCard.model_validate(CARD, strict=False))


def test_texts_are_compared_with_their_references(tmp_path: Path) -> None:
    module = tf.Module()
    spec = [tf.TensorSpec([None], tf.string, "examples")]

    @tf.function(input_signature=spec)
    def write(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        written = tf.stack([examples, tf.strings.upper(examples)], axis=1)
        return {"sequences": written, "scores": tf.zeros(tf.shape(written))}

    @tf.function(input_signature=spec)
    def label(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        lengths = tf.strings.length(examples)[:, tf.newaxis]
        ids = tf.where(lengths > 0, tf.repeat([[5, 2, 0]], tf.size(examples), axis=0), -1)
        return {"label": tf.cast(ids, tf.int64)}

    @tf.function(input_signature=spec)
    def score(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        ones = tf.ones(tf.shape(examples))
        return {
            "reference": tf.strings.lower(examples),
            "log_probability": -ones,
            "tokens": tf.cast(ones, tf.int64),
        }

    signatures = {"serving_default": write, "transform_label": label, "score": score}
    tf.saved_model.save(module, str(tmp_path), signatures=signatures)
    card = ModelCard(format=1, task="text", label="y")
    predictor = Predictor(str(tmp_path), card)
    texts = tf.constant(["a b", "A b", ""])
    numbers = predictor(texts).numpy()
    assert numbers[:, 0].tolist() == [1, 0, 1]  # equal
    assert numbers[:, 1:5].tolist() == [[-1, 1, 2, 2], [-1, 1, 2, 2], [-1, 1, 0, 0]]
    assert numbers[:, 5].tolist() == [2, 1, 0]  # words in both
    unwritten = Predictor(str(tmp_path), card, writes=False)(texts).numpy()
    assert unwritten[:, 1:3].tolist() == numbers[:, 1:3].tolist()
    assert unwritten[:, 3].tolist() == [0, 0, 0]  # words
    assert predictor.label(texts).numpy().tolist() == [2, 2, -1]
