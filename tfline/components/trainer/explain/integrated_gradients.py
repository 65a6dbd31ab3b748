"""Integrated Gradients (Sundararajan et al. 2017): the way from the average record to a record.

Along the straight line between both, each entry of the network adds what it changes times the
gradient that the score has there; all of it together is the difference of the two scores. The
integral is a sum over steps, made finer until it is that difference; what little is left is shared
out in proportion, so that the contributions sum to it in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfline.components.trainer.explain.entries import Network, UncutError
from tfline.components.trainer.explain.explainer import Explained, Explainer
from tfline.components.trainer.explain.scores import Score, decided
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.heads.head import Head

FIRST_STEPS, MOST_STEPS = 32, 512
"""How many steps a line has at first, and at most; each time it is too coarse, four times more."""

CLOSE = 0.01
"""A line is fine enough if the contributions sum to the difference up to this share of it, or up to
this number if that is more."""

_RECORDS = 10_000
"""The average record is that of so many of the train split, at most."""


class IntegratedGradients(Explainer):
    """Explains a network by its gradients.

    Args:
        model: The network, trained.
        features: Its inputs.
        head: What it predicts.
        score: What is explained.
        batches: Transformed features of the train split, [batch, ...].

    Raises:
        UncutError: The network cannot be cut behind its embeddings.
    """

    def __init__(
        self,
        model: keras.Model,
        features: Sequence[TensorFeature],
        head: Head,
        score: Score,
        batches: Iterable[Mapping[str, tf.Tensor]],
    ) -> None:
        self._network = Network(model, features, head)
        self._score = score
        self.unit = score.unit
        self.numbers = score.numbers
        self._average = _average(self._network, batches)

    def explain(
        self, features: Mapping[str, tf.Tensor], chosen: tf.Tensor | None = None
    ) -> Explained:
        """See `Explainer.explain`."""
        entries = self._network.enter(features)
        begins = [
            tf.zeros_like(x) + tf.constant(mean)
            for x, mean in zip(entries, self._average, strict=True)
        ]
        both = [tf.concat(pair, axis=0) for pair in zip(entries, begins, strict=True)]
        logits = self._network.logits(both)
        of_ends, of_begins = tf.split(logits, 2)
        among = decided(of_ends) if chosen is None else chosen
        end, baseline = self._score.of(of_ends, among), self._score.of(of_begins, among)

        def score(at: Sequence[tf.Tensor]) -> tf.Tensor:
            return self._score.of(self._network.logits(at), among)

        line = _Line(score, begins, entries, self.numbers)
        parts = line.integrate(end - baseline)  # [batch, numbers] an entry
        parts = _summing_to(parts, end - baseline)
        contributions: dict[str, tf.Tensor] = {}
        for owner, part in zip(self._network.owners, parts, strict=True):
            added = contributions.get(owner)
            contributions[owner] = part if added is None else added + part
        return Explained(contributions, baseline, end)


class _Line:
    """The straight line from some entries to others.

    Args:
        score: From entries to scores [batch, numbers].
        begins: Its begin, [batch, ...] an entry.
        ends: Its end.
        numbers: How many scores there are.
    """

    def __init__(
        self,
        score: Callable[[Sequence[tf.Tensor]], tf.Tensor],
        begins: Sequence[tf.Tensor],
        ends: Sequence[tf.Tensor],
        numbers: int,
    ) -> None:
        self._score = score
        self._begins = begins
        self._change = [end - begin for begin, end in zip(begins, ends, strict=True)]
        self._numbers = numbers

    def integrate(self, difference: tf.Tensor) -> list[tf.Tensor]:
        """Returns what each entry contributes, [batch, numbers], in steps that are fine enough.

        A sum is made of the gradients in the middle of each step; one that misses the difference
        is begun anew, with more steps. That is one loop, for each copy of a network in a graph
        takes seconds to export.
        """
        batch = tf.shape(difference)[0]
        close = CLOSE * tf.maximum(1.0, tf.abs(difference))

        def is_coarse(steps: tf.Tensor, sums: Sequence[tf.Tensor]) -> tf.Tensor:
            left = tf.abs(tf.add_n(list(sums)) / tf.cast(steps, tf.float32) - difference)
            return (steps < MOST_STEPS) & tf.reduce_any(left > close)

        def goes_on(steps: tf.Tensor, done: tf.Tensor, *sums: tf.Tensor) -> tf.Tensor:
            return (done < steps) | is_coarse(steps, sums)

        def one(steps: tf.Tensor, done: tf.Tensor, *sums: tf.Tensor) -> Any:
            again = done == steps
            steps, done = tf.where(again, 4 * steps, steps), tf.where(again, 0, done)
            place = (tf.cast(done, tf.float32) + 0.5) / tf.cast(steps, tf.float32)
            added = zip(sums, self._at(place), strict=True)
            return steps, done + 1, *(tf.where(again, 0.0, total) + part for total, part in added)

        nothing = [tf.zeros([batch, self._numbers]) for _ in self._change]
        begin = [tf.constant(FIRST_STEPS), tf.constant(0), *nothing]
        shapes = [tf.TensorShape([]), tf.TensorShape([])]
        shapes += [tf.TensorShape([None, self._numbers])] * len(nothing)
        steps, _, *sums = tf.while_loop(goes_on, one, begin, shape_invariants=shapes)
        return [total / tf.cast(steps, tf.float32) for total in sums]

    def _at(self, place: tf.Tensor) -> list[tf.Tensor]:
        """Returns gradient times change at a place of the line: [batch, numbers] an entry."""
        at = [
            begin + place * change for begin, change in zip(self._begins, self._change, strict=True)
        ]
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(at)
            scores = tf.unstack(self._score(at), num=self._numbers, axis=1)
        found: list[list[tf.Tensor]] = [[] for _ in at]
        for score in scores:
            gradients = tape.gradient(score, at, unconnected_gradients="zero")
            for parts, gradient, change in zip(found, gradients, self._change, strict=True):
                flat = tf.reshape(
                    tf.convert_to_tensor(gradient) * change, [tf.shape(change)[0], -1]
                )
                parts.append(tf.reduce_sum(flat, axis=1))
        return [tf.stack(parts, axis=1) for parts in found]


def _summing_to(parts: Sequence[tf.Tensor], difference: tf.Tensor) -> list[tf.Tensor]:
    """Returns parts [batch, numbers] whose sum is the difference; the larger one changes more."""
    weights = [tf.abs(part) for part in parts]
    left = difference - tf.add_n(list(parts))
    total = tf.add_n(weights)
    even = tf.ones_like(total) / len(parts)
    return [
        part + left * tf.where(total > 0, tf.math.divide_no_nan(weight, total), even)
        for part, weight in zip(parts, weights, strict=True)
    ]


def _average(network: Network, batches: Iterable[Mapping[str, tf.Tensor]]) -> list[np.ndarray]:
    """Returns the means of the entries, float32 [...] each.

    Raises:
        UncutError: There is no record.
    """
    sums: list[np.ndarray] = []
    count = 0

    @tf.function(autograph=False, reduce_retracing=True)
    def enter(features: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        return network.enter(features)

    for features in batches:
        entries = [entry.numpy().astype(np.float64) for entry in enter(features)]
        of_batch = [entry.sum(axis=0) for entry in entries]
        sums = [a + b for a, b in zip(sums, of_batch, strict=True)] if sums else of_batch
        count += len(entries[0])
        if count >= _RECORDS:
            break
    if not count:
        raise UncutError("there is no record to compare with")
    return [(total / count).astype(np.float32) for total in sums]
