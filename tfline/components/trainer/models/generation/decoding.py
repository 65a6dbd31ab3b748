"""From the probabilities of the next token to whole texts: beam search and sampling.

Both run inside a graph, for a batch of sentences at once, and take the model as a function that
reads one token and carries a state. A text ends with the end mark, or when it is long enough.

A beam of width 1 is greedy decoding: the most probable token in each step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tfline.transforms.target_text import PADDING

State = Any
"""What a model remembers of a text: a nest of tensors, [rows, ...]."""

Step = Callable[[tf.Tensor, tf.Tensor, State], tuple[tf.Tensor, State]]
"""Reads a token and says what may follow it.

``(token int64 [rows], position int32 [], state) -> (logits float32 [rows, vocabulary], state)``;
the position of the first token is 0.
"""


class Texts(NamedTuple):
    """Texts of a batch, the best first.

    Attributes:
        tokens: int64 [batch, width, length]; with the end mark, padded with 0.
        scores: float32 [batch, width]: the logarithm of the probability, divided by the length
            penalty; -inf where there are fewer than `width` texts.
    """

    tokens: tf.Tensor
    scores: tf.Tensor


class _Beam(NamedTuple):
    """The texts that are followed, [batch, width, ...]."""

    tokens: tf.Tensor  # int64 [batch, width, written]
    last: tf.Tensor  # int64 [batch, width]
    log_probability: tf.Tensor  # float32 [batch, width]
    length: tf.Tensor  # int32 [batch, width]
    ended: tf.Tensor  # bool [batch, width]
    state: State  # [batch * width, ...]


class _Text(NamedTuple):
    """The texts that are drawn, [batch, ...]."""

    tokens: tf.Tensor  # int64 [batch, written]
    last: tf.Tensor  # int64 [batch]
    ended: tf.Tensor  # bool [batch]
    state: State


def beam_search(
    step: Step,
    state: State,
    first: tf.Tensor,
    *,
    end: int | None,
    length: int,
    width: int = 1,
    length_penalty: float = 0.0,
) -> Texts:
    """Returns the most probable texts (Sutskever et al. 2014, section 3.2).

    In each step the continuations of all texts by all tokens compete for the beam's places. A text
    that has ended keeps its place as long as it is among the best.

    Args:
        step: Reads a token.
        state: Before the first token, [batch * width, ...]; the rows of a sentence are together
            and equal. See `repeat_rows`.
        first: The token to begin with, int64 [batch]; not a part of the text.
        end: The end mark; None: a text ends when it is long enough.
        length: The most tokens that a text has.
        width: How many texts are followed, and returned.
        length_penalty: The exponent alpha of Wu et al. (2016), equation 14: 0 prefers short
            texts, 1 takes the mean of the logarithms, more or less.

    Returns:
        The texts by falling score.
    """
    batch = tf.shape(first)[0]
    only_first = tf.fill([batch, width - 1], float("-inf"))  # all places are equal at first
    beam = _Beam(
        tokens=tf.zeros([batch, width, 0], tf.int64),
        last=tf.repeat(first[:, tf.newaxis], width, axis=1),
        log_probability=tf.concat([tf.zeros([batch, 1]), only_first], axis=1),
        length=tf.zeros([batch, width], tf.int32),
        ended=tf.zeros([batch, width], tf.bool),
        state=state,
    )

    def advance(written: tf.Tensor, beam: _Beam) -> tuple[tf.Tensor, _Beam]:
        token = tf.reshape(beam.last, [-1])  # [batch * width]
        logits, after = step(token, written, beam.state)
        return written + 1, _continued(beam, logits, after, end, length_penalty)

    written, beam = tf.while_loop(
        lambda written, beam: (written < length) & ~tf.reduce_all(beam.ended),
        advance,
        (tf.constant(0), beam),
        shape_invariants=(tf.TensorShape([]), _shapes(beam)),
    )
    tokens = tf.pad(beam.tokens, [[0, 0], [0, 0], [0, length - written]])
    scores = beam.log_probability / _penalty(beam.length, length_penalty)
    return Texts(tf.ensure_shape(tokens, [None, width, length]), scores)


def _continued(
    beam: _Beam, logits: tf.Tensor, state: State, end: int | None, length_penalty: float
) -> _Beam:
    """Returns the beam after one more token, by its logits [batch * width, vocabulary]."""
    batch, width = tf.shape(beam.last)[0], beam.last.shape[1]
    vocabulary = logits.shape[-1]
    following = tf.nn.log_softmax(without_padding(logits))
    following = tf.reshape(following, [batch, width, vocabulary])
    following = tf.where(beam.ended[..., tf.newaxis], _only_padding(vocabulary), following)

    total = beam.log_probability[..., tf.newaxis] + following  # [batch, width, vocabulary]
    length = beam.length + tf.cast(~beam.ended, tf.int32)  # [batch, width]
    scores = total / _penalty(length, length_penalty)[..., tf.newaxis]
    _, best = tf.math.top_k(
        tf.reshape(scores, [batch, width * vocabulary]), width
    )  # [batch, width]
    parent, token = best // vocabulary, tf.cast(best % vocabulary, tf.int64)

    def of_parent(x: tf.Tensor) -> tf.Tensor:
        return tf.gather(x, parent, batch_dims=1)

    rows = tf.reshape(parent + width * tf.range(batch)[:, tf.newaxis], [-1])
    ended = of_parent(beam.ended)
    return _Beam(
        tokens=tf.concat([of_parent(beam.tokens), token[..., tf.newaxis]], axis=2),
        last=token,
        log_probability=tf.gather(tf.reshape(total, [batch, -1]), best, batch_dims=1),
        length=of_parent(length),
        ended=ended if end is None else ended | (token == end),
        state=tf.nest.map_structure(lambda x: tf.gather(x, rows), state),
    )


def sample(
    step: Step,
    state: State,
    first: tf.Tensor,
    *,
    end: int | None,
    length: int,
    temperature: tf.Tensor,
    seed: tf.Tensor,
) -> tf.Tensor:
    """Returns a random text a row, each token drawn from softmax(logits / temperature).

    It is drawn by the Gumbel-max trick (Gumbel 1954): the noise of a row follows from its seed
    alone, so that a text does not depend on the rows beside it.

    Args:
        step: Reads a token.
        state: Before the first token, [batch, ...].
        first: The token to begin with, int64 [batch]; not a part of the text.
        end: The end mark; None: a text ends when it is long enough.
        length: The most tokens that a text has.
        temperature: float32 [batch]: below 1 more of the probable, above 1 more surprises; 0 is
            greedy.
        seed: int64 [batch]: the same seed, the same text.

    Returns:
        int64 [batch, length]; with the end mark, padded with 0.
    """
    text = _Text(
        tokens=tf.zeros([tf.shape(first)[0], 0], tf.int64),
        last=first,
        ended=tf.zeros_like(first, tf.bool),
        state=state,
    )

    def advance(written: tf.Tensor, text: _Text) -> tuple[tf.Tensor, _Text]:
        logits, state = step(text.last, written, text.state)  # [batch, vocabulary]
        noise = _gumbel(seed, written, logits.shape[-1])
        noisy = without_padding(logits) + temperature[:, tf.newaxis] * noise
        token = tf.where(text.ended, tf.constant(PADDING, tf.int64), tf.argmax(noisy, axis=1))
        ended = text.ended if end is None else text.ended | (token == end)
        tokens = tf.concat([text.tokens, token[:, tf.newaxis]], axis=1)
        return written + 1, _Text(tokens, token, ended, state)

    written, text = tf.while_loop(
        lambda written, text: (written < length) & ~tf.reduce_all(text.ended),
        advance,
        (tf.constant(0), text),
        shape_invariants=(tf.TensorShape([]), _shapes(text)),
    )
    return tf.ensure_shape(tf.pad(text.tokens, [[0, 0], [0, length - written]]), [None, length])


def repeat_rows(nest: State, times: int) -> State:
    """Returns a nest of tensors with each row `times` times in succession: [rows * times, ...]."""
    return tf.nest.map_structure(lambda x: tf.repeat(x, times, axis=0), nest)


def _gumbel(seed: tf.Tensor, written: tf.Tensor, vocabulary: int) -> tf.Tensor:
    """Returns noise of the standard Gumbel distribution, float32 [batch, vocabulary]."""
    place = tf.cast(written, tf.int64)

    def of_row(of_seed: tf.Tensor) -> tf.Tensor:
        smallest = 1e-20  # the logarithm of 0 is infinite
        uniform = tf.random.stateless_uniform([vocabulary], [of_seed, place], smallest, 1.0)
        return -tf.math.log(-tf.math.log(uniform))

    return tf.map_fn(of_row, seed, fn_output_signature=tf.TensorSpec([vocabulary], tf.float32))


def without_padding(logits: tf.Tensor) -> tf.Tensor:
    """Returns logits [..., vocabulary] that rule padding out."""
    is_padding = tf.range(logits.shape[-1]) == PADDING
    return tf.where(is_padding, tf.constant(float("-inf")), logits)


def _only_padding(vocabulary: int) -> tf.Tensor:
    """Returns the log-probabilities after the end, float32 [vocabulary]: certain padding."""
    is_padding = tf.range(vocabulary) == PADDING
    return tf.where(is_padding, 0.0, float("-inf"))


def _penalty(length: tf.Tensor, exponent: float) -> tf.Tensor:
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** exponent


def _shapes(loop: _Beam | _Text) -> Any:
    """Returns the shapes of what a loop carries, in all its steps: the texts get longer."""
    shapes = dict.fromkeys(loop._fields, loop.last.shape)
    shapes["tokens"] = tf.TensorShape([*loop.last.shape, None])
    rows = tf.TensorShape([None])
    shapes["state"] = tf.nest.map_structure(lambda x: rows + x.shape[1:], loop.state)
    return type(loop)(**shapes)
