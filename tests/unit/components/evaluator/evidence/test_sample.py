"""Permutation importance and worst mistakes, of models that are plain functions."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfline.components.evaluator.evidence.evidence_file import Evidence, Values
from tfline.components.evaluator.evidence.importance import RECORDS, permutation_importance
from tfline.components.evaluator.evidence.mistakes import SHOWN, read_values, worst_mistakes
from tfline.components.evaluator.reading.model import ModelCard, Reasons
from tfline.components.example_gen.example_proto import Value, encode_example
from tfline.metrics.arrays import Floats

RNG = np.random.default_rng(5)
N = 300
LABELS = RNG.integers(0, 2, N)
ROWS: list[dict[str, Value]] = [
    {"told": float(label) if i % 10 else None, "noise": float(RNG.random()), "colour": "red"}
    for i, label in enumerate(LABELS)
]
BINARY = ModelCard(
    format=1,
    task="binary",
    label="y",
    classes=("no", "yes"),
    class_values=(0, 1),
    features={"told": "float32", "noise": "float32", "colour": "string"},
)


def examples() -> list[tf.train.Example]:
    return [tf.train.Example.FromString(encode_example(row)) for row in ROWS]


def believe(serialized: Sequence[bytes]) -> Floats:
    """Returns what the feature ``told`` says; 0.5 where it is missing."""
    told = [tf.train.Example.FromString(record).features.feature for record in serialized]
    return np.array([f["told"].float_list.value[0] if "told" in f else 0.5 for f in told])


def test_only_the_feature_that_the_model_uses_is_important() -> None:
    found = permutation_importance(examples(), LABELS, believe, BINARY, 0.5)
    assert found is not None
    assert [(x.feature, x.loss) for x in found.features[1:]] == [("colour", 0.0), ("noise", 0.0)]
    told = found.features[0]
    assert told.feature == "told"
    assert told.loss == pytest.approx(found.base - 0.5, abs=0.1)  # what is left is chance
    assert (found.metric, found.records, found.rounds) == ("auc", N, 5)


def test_shuffled_record_counts_by_its_weight() -> None:
    weights = (np.arange(N) % 10 > 0).astype(float)  # what `told` leaves out does not count
    found = permutation_importance(examples(), LABELS, believe, BINARY, 0.5, weights)
    assert found is not None
    assert found.base == 1.0


def test_records_are_as_before_and_the_importance_is_the_same_again() -> None:
    records = examples()
    first = permutation_importance(records, LABELS, believe, BINARY, 0.5)
    assert [x.SerializeToString(deterministic=True) for x in records] == [
        encode_example(row) for row in ROWS
    ]
    assert permutation_importance(records, LABELS, believe, BINARY, 0.5) == first


def test_number_of_predictions_is_bounded() -> None:
    seen = []

    def count(serialized: Sequence[bytes]) -> Floats:
        seen.append(len(serialized))
        return believe(serialized)

    many = examples() * 10
    permutation_importance(many, np.tile(LABELS, 10), count, BINARY, 0.5)
    assert max(seen) == RECORDS
    assert sum(seen) == RECORDS * (1 + 3 * 5)


def test_single_feature_has_no_importance() -> None:
    card = BINARY.model_copy(update={"features": {"told": "float32"}})
    assert permutation_importance(examples(), LABELS, believe, card, 0.5) is None


def test_confident_wrong_answers_come_first() -> None:
    chance = np.full(N, 0.9) * LABELS + 0.05
    chance[7] = 0.999 * (1 - LABELS[7])
    chance[9] = abs(LABELS[9] - 0.6)
    found = worst_mistakes(examples(), range(0, 2 * N, 2), LABELS, chance, BINARY, 0.5)
    assert [mistake.record for mistake in found] == [14, 18]
    assert found[0].label == ("no", "yes")[LABELS[7]]
    assert found[0].predicted == ("yes", "no")[LABELS[7]]
    assert found[0].error == pytest.approx(0.999 if LABELS[7] == 0 else 1.0)
    assert found[1].error == pytest.approx(0.6)
    assert found[0].features["colour"] == Values(texts=("red",))


def test_mistakes_are_told_with_what_led_to_them() -> None:
    chance = np.full(N, 0.9) * LABELS + 0.05
    chance[[7, 9]] = 1 - chance[[7, 9]]
    asked: list[int] = []

    def explain(rows: Sequence[int]) -> Reasons:
        asked.extend(rows)
        return Reasons(["told", "noise"], np.array([[2.0, row] for row in rows]), "log-odds")

    found = worst_mistakes(examples(), range(N), LABELS, chance, BINARY, 0.5, explain=explain)
    assert sorted(asked) == [7, 9]
    assert [mistake.attributions for mistake in found] == [
        {"told": 2.0, "noise": float(row)} for row in asked
    ]
    assert {mistake.unit for mistake in found} == {"log-odds"}
    assert not worst_mistakes(examples(), range(N), LABELS, LABELS, BINARY, 0.5, explain=explain)


def test_wrong_class_of_several_and_far_number_are_mistakes() -> None:
    labels, predictions = np.array([2, 0]), np.array([[0.7, 0.2, 0.1], [0.6, 0.4, 0.0]])
    card = ModelCard(
        format=1, task="multiclass", label="y", classes=tuple("abc"), class_values=tuple("abc")
    )
    [mistake] = worst_mistakes(examples(), [0, 1], labels, predictions, card, 0.5)
    assert (mistake.label, mistake.predicted, mistake.error) == ("c", "a", pytest.approx(0.9))
    several = card.model_copy(update={"task": "multilabel"})
    flags, chances = np.array([[1, 0, 1], [0, 0, 1]]), np.array([[0.8, 0.7, 0.6], [0, 0, 1.0]])
    [mistake] = worst_mistakes(examples(), [0, 1], flags, chances, several, 0.5)
    assert (mistake.label, mistake.predicted) == ("a, c", "a, b, c")
    assert mistake.error == pytest.approx(0.7)
    boxes = card.model_copy(update={"task": "box"})
    wanted = np.array([[1, 0, 0, 0.5, 1], [0, 0, 0, 1, 1], [2, 0, 0, 1, 1]])
    found = np.array([[0, 1, 0, 0, 0, 1, 1], [0, 1, 0, 0, 0, 1, 1], [0, 0, 1, 0, 0, 1, 1.0]])
    mistakes = worst_mistakes(examples(), range(3), wanted, found, boxes, 0.5)
    assert [(m.record, m.error) for m in mistakes] == [(1, 1.0), (0, 0.5)]
    assert (mistakes[1].label, mistakes[1].predicted) == ("b at 0, 0, 0.5, 1", "b at 0, 0, 1, 1")
    masks = card.model_copy(update={"task": "mask"})
    pixels, seen = np.array([[0, 0, 1, 2], [1, 1, 1, 1]]), np.array([[0, 0, 1, 1], [1, 1, 1, 1]])
    [mistake] = worst_mistakes(examples(), range(2), pixels, seen, masks, 0.5)
    assert (mistake.label, mistake.error) == ("a 50%, b 25%, c 25%", 0.25)
    numbers = ModelCard(format=1, task="regression", label="y")
    predicted = np.arange(40, dtype=np.float32)
    found = worst_mistakes(examples(), range(40), np.zeros(40), predicted, numbers, 0.5)
    assert len(found) == SHOWN
    assert (found[0].label, found[0].predicted, found[0].error) == ("0", "39", 39.0)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4), 7).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("größer\n", Values(texts=("größer\n",))),
        (bytes([0, 3, 16]), Values(encoded=(base64.b64encode(bytes([0, 3, 16])).decode(),))),
        (picture(), Values(encoded=(base64.b64encode(picture()).decode(),))),
        (b"\xff" * (1 << 21), Values()),
        ([1, 2], Values(numbers=(1.0, 2.0))),
        (0.5, Values(numbers=(0.5,))),
        ([1.5, math.nan, math.inf], Values(numbers=(1.5, None, None))),
        (None, Values()),
    ],
    ids=["text", "pixels", "picture", "too-large", "list", "number", "not-finite", "missing"],
)
def test_values_are_text_or_numbers_or_bytes(value: Value, read: Values) -> None:
    example = tf.train.Example.FromString(encode_example({"x": value}))
    assert read_values(example.features.feature["x"]) == read


def test_evidence_is_read_as_it_was_written() -> None:
    importances = permutation_importance(examples(), LABELS, believe, BINARY, 0.5)
    mistakes = worst_mistakes(examples(), range(N), LABELS, 1.0 - LABELS, BINARY, 0.5)
    evidence = Evidence(records=N, importances=importances, mistakes=mistakes)
    text = evidence.model_dump_json(exclude_defaults=True)
    assert Evidence.model_validate_json(text) == evidence
