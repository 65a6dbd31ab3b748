"""The contract that every model that writes a text keeps."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.models.generation.char_rnn import CharRnn
from tfline.components.trainer.models.generation.generator import Generator
from tfline.components.trainer.models.generation.seq2seq import Seq2Seq
from tfline.components.trainer.models.generation.translator import Translator
from tfline.tasks.heads.text import TARGET

DEPTH, VOCABULARY, START, END, LENGTH = 9, 8, 6, 7, 5
SOURCE = np.array([[2, 3, 4, 5, 0, 0], [5, 4, 3, 2, 6, 1], [7, 0, 0, 0, 0, 0]])
TEXT = np.array([[6, 2, 3, 4, 7], [6, 5, 5, 7, 0], [6, 3, 2, 2, 4]])
WRITTEN = {"vocabulary": VOCABULARY, "start": START, "end": END, "length": LENGTH, "dropout": 0.3}
BEAM = {"beam_width": 3, "length_penalty": 0.6}
READ = {"source": "x", "source_depth": DEPTH}


def seq2seq(*, attention: bool, bidirectional: bool) -> Generator:
    options = {"attention": attention, "bidirectional": bidirectional, **READ, **WRITTEN, **BEAM}
    return Seq2Seq(units=8, embedding_units=4, **options)


GENERATORS: dict[str, Callable[[], Generator]] = {
    "seq2seq": lambda: seq2seq(attention=False, bidirectional=False),
    "seq2seq_attention": lambda: seq2seq(attention=True, bidirectional=True),
    "translator": lambda: Translator(
        units=8, heads=2, hidden_units=16, blocks=2, **READ, **WRITTEN, **BEAM
    ),
    "char_rnn": lambda: CharRnn(
        prompt="x", units=8, layers=2, embedding_units=4, **WRITTEN, **BEAM
    ),
}


@pytest.fixture(scope="module", params=GENERATORS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str) -> keras.Model:
    """A model whose weights are large enough to make a difference."""
    keras.utils.set_random_seed(2)
    inputs = {key: keras.Input([None], dtype="int64", name=key) for key in ("x", TARGET)}
    model = keras.Model(inputs, GENERATORS[name]()(inputs))
    model.set_weights([weight * 2 for weight in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def generator(model: keras.Model) -> Generator:
    return next(layer for layer in model.layers if isinstance(layer, Generator))


def forced(model: keras.Model, source: np.ndarray, text: np.ndarray) -> np.ndarray:
    """Returns the logits after each token of a known text."""
    return model({"x": source, TARGET: text}, training=False).numpy()


def stepwise(generator: Generator, source: np.ndarray, text: np.ndarray) -> np.ndarray:
    """Returns the same, one token after the other."""
    _, memory, state = generator.begin({"x": tf.constant(source)})
    logits = []
    for position in range(text.shape[1]):
        token = tf.constant(text[:, position])
        one, state = generator.step(token, tf.constant(position), memory, state)
        logits.append(one.numpy())
    return np.stack(logits, axis=1)


def test_teacher_forcing_equals_stepwise_decoding(
    name: str, model: keras.Model, generator: Generator
) -> None:
    source = TEXT[:, :1] if name == "char_rnn" else SOURCE  # a prompt is where a text begins
    expected = forced(model, source, TEXT)
    assert expected.shape == (3, LENGTH, VOCABULARY)
    np.testing.assert_allclose(stepwise(generator, source, TEXT), expected, atol=1e-5)


def test_later_tokens_change_nothing_before_them(model: keras.Model) -> None:
    changed = TEXT.copy()
    changed[:, 3:] = 1
    first, second = (forced(model, SOURCE, text) for text in (TEXT, changed))
    np.testing.assert_allclose(first[:, :3], second[:, :3], atol=1e-6)
    assert not np.allclose(first[:, 3:], second[:, 3:], atol=1e-2)


def test_padding_changes_no_text(generator: Generator) -> None:
    short = {"x": tf.constant(SOURCE[[0, 2], :4])}
    long = {"x": tf.constant(np.pad(SOURCE[[0, 2], :4], [[0, 0], [0, 9]]))}
    first, second = (generator.search(x) for x in (short, long))
    np.testing.assert_array_equal(first.tokens, second.tokens)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-5)


def test_features_change_the_text(generator: Generator) -> None:
    scores = generator.search({"x": tf.constant(SOURCE)}).scores.numpy()
    assert np.abs(scores[0] - scores[1]).max() > 1e-3


def test_text_does_not_depend_on_the_rows_beside_it(generator: Generator) -> None:
    together = generator.search({"x": tf.constant(SOURCE)})
    for row in range(3):
        alone = generator.search({"x": tf.constant(SOURCE[row : row + 1])})
        np.testing.assert_array_equal(alone.tokens[0], together.tokens[row])
        np.testing.assert_allclose(alone.scores[0], together.scores[row], atol=1e-4)


def test_score_is_the_probability_of_the_text(
    name: str, model: keras.Model, generator: Generator
) -> None:
    source = TEXT[:, :1] if name == "char_rnn" else SOURCE
    tokens, scores = generator.search({"x": tf.constant(source)})
    for place in range(3):
        text = tokens[:, place].numpy()
        read = np.concatenate([np.full([3, 1], START), text[:, :-1]], axis=1)
        logits = forced(model, source, read)
        logits[..., 0] = -np.inf  # padding is never written
        known = tf.nn.log_softmax(logits).numpy()
        chosen = np.take_along_axis(known, text[..., None], axis=2)[..., 0]
        penalty = ((5 + (text > 0).sum(axis=1)) / 6) ** 0.6
        expected = np.where(text > 0, chosen, 0).sum(axis=1) / penalty
        np.testing.assert_allclose(scores[:, place], expected, rtol=1e-4, atol=1e-5)


def test_char_rnn_goes_on_where_its_prompt_ends() -> None:
    keras.utils.set_random_seed(2)
    generator = GENERATORS["char_rnn"]()
    whole = np.array([[6, 2, 3, 4]])
    generator({"x": whole, TARGET: whole})
    logits = generator({"x": whole, TARGET: whole})[:, -1]
    first, memory, state = generator.begin({"x": tf.constant([[6, 2, 3, 4, 0, 0]])})
    assert first.numpy().tolist() == [4]
    after, _ = generator.step(first, tf.constant(0), memory, state)
    np.testing.assert_allclose(after, logits, atol=1e-5)


def test_stateful_char_rnn_goes_on_where_the_batch_before_ended() -> None:
    keras.utils.set_random_seed(2)
    options = {**WRITTEN, "dropout": 0.0}
    stateful = CharRnn(prompt="x", units=8, layers=2, embedding_units=4, stateful=3, **options)
    inputs = {key: keras.Input([None], dtype="int64", name=key) for key in ("x", TARGET)}
    model = keras.Model(inputs, stateful(inputs))
    whole = forced(model, SOURCE, TEXT)
    halves = [
        model({"x": SOURCE, TARGET: half}, training=True) for half in (TEXT[:, :2], TEXT[:, 2:])
    ]
    known = TEXT > 0
    np.testing.assert_allclose(np.concatenate(halves, axis=1)[known], whole[known], atol=1e-5)
    first = forced(model, SOURCE, TEXT[:, 2:])  # outside of a training a text begins anew
    assert not np.allclose(first, halves[1], atol=1e-4)


def test_drawn_text_is_reproducible(generator: Generator) -> None:
    features, seed = {"x": tf.constant(SOURCE)}, tf.constant([1, 2, 3], tf.int64)
    first, second = (generator.sample(features, tf.ones([3]), seed).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (3, LENGTH)
