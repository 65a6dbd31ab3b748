"""What models that write texts refuse, and what counts of a text."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.text import TextHead
from tfline.tasks.heads.token_accuracy import TokenAccuracy
from tfline.tasks.table import TASKS
from tfline.transforms.errors import ModelError
from tfline.transforms.target_text import with_specials

TOKENS = tuple(with_specials(["a", "b", "c"], marks=True))
HEAD = TextHead(TOKENS, size=6)
ENDLESS = TextHead(tuple(with_specials(["a", "b", "c"], marks=False)), size=6)
TEXT = TensorFeature("x", "index", (4,), depth=9)
AGE = TensorFeature("age", "numeric")


def test_char_rnn_needs_no_marks() -> None:
    feature = TensorFeature("prompt", "index", (6,), depth=5)
    model = build_model("char_rnn", {"units": 32}, [feature], ENDLESS)
    assert model.output_shape == (None, None, 5)


@pytest.mark.parametrize(
    ("name", "features", "head", "message"),
    [
        ("seq2seq", (AGE,), HEAD, "takes one text"),
        ("translator", (TEXT, AGE), HEAD, "nothing beside it"),
        ("seq2seq", (TEXT,), TASKS["binary"].head(("no", "yes")), "writes texts"),
        ("translator", (TEXT,), ENDLESS, "needs the marks"),
        ("char_rnn", (TEXT,), HEAD, "goes on with the label's own text"),
    ],
    ids=["no text", "two features", "classes", "no marks", "another text"],
)
def test_what_does_not_fit_is_refused(
    name: str, features: tuple[TensorFeature, ...], head: Head, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as error:
        build_model(name, {}, features, head)
    assert error.value.hint


def test_model_of_classes_is_refused_for_a_text() -> None:
    with pytest.raises(ModelError, match="'mlp' writes no texts"):
        build_model("mlp", {}, [AGE], HEAD)


def test_padding_counts_neither_in_the_loss_nor_in_the_accuracy() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 5, len(TOKENS))).astype(np.float32)
    y = np.array([[2, 6, 0, 0, 0], [3, 4, 2, 6, 0]])
    known = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(known, y[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(HEAD.loss()(y, logits), losses[y > 0].mean(), rtol=1e-5)
    accuracy = TokenAccuracy(name="accuracy")
    accuracy.update_state(y, logits)
    right = (logits.argmax(axis=-1) == y)[y > 0]
    np.testing.assert_allclose(accuracy.result(), right.mean(), rtol=1e-5)
    weighted = TokenAccuracy(name="accuracy")
    weighted.update_state(y, logits, sample_weight=[1.0, 0.0])
    np.testing.assert_allclose(weighted.result(), right[:2].mean(), rtol=1e-5)
