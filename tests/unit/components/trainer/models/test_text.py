"""Models of text: what is not there changes nothing, and the order of what is there counts."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.table import TASKS

HEAD = TASKS["multiclass"].head(("a", "b", "c"))
TOKENS = np.array([[2, 5, 3, 0, 0, 0], [4, 4, 2, 6, 0, 0], [1, 0, 0, 0, 0, 0], [0] * 6])

MODELS = {
    "text_gru": ("text_gru", {}),
    "text_gru of both ways": ("text_gru", {"bidirectional": True, "units": [8, 8]}),
    "text_transformer": ("text_transformer", {}),
    "text_transformer of learned positions": ("text_transformer", {"positional": "learned"}),
}


def build(name: str, arguments: dict[str, Any], length: int) -> keras.Model:
    """Builds a model of texts of a length."""
    return build_model(name, arguments, [TensorFeature("text", "index", (length,), 7)], HEAD)


@pytest.mark.parametrize("case", MODELS)
def test_padding_changes_no_answer(case: str) -> None:
    name, arguments = MODELS[case]
    long, short = build(name, arguments, 9), build(name, arguments, 6)
    weights = long.get_weights()
    fitting = [
        w[: s.shape[0]] for w, s in zip(weights, short.get_weights(), strict=True)
    ]  # a table of learned positions is longer
    short.set_weights(fitting)
    padded = np.pad(TOKENS, [[0, 0], [0, 3]])
    np.testing.assert_allclose(
        long({"text": padded}), short({"text": TOKENS}), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("case", MODELS)
def test_order_of_tokens_counts(case: str) -> None:
    model = build(*MODELS[case], 6)
    forwards, backwards = np.array([[2, 3, 4, 5, 0, 0]]), np.array([[5, 4, 3, 2, 0, 0]])
    differences = np.abs(model({"text": forwards}) - model({"text": backwards}))
    assert differences.max() > 1e-5


@pytest.mark.parametrize("case", MODELS)
def test_empty_text_has_an_answer(case: str) -> None:
    y = np.asarray(build(*MODELS[case], 6)({"text": np.zeros((2, 6), np.int64)}))
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["text_gru", "text_transformer"])
def test_embedding_of_the_spec_is_used(name: str) -> None:
    feature = TensorFeature("text", "index", (6,), 50, embedding=12)
    model = build_model(name, {}, [feature], HEAD)
    assert (50, 12) in [tuple(weight.shape) for weight in model.weights]
