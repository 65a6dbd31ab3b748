"""TreeSHAP in operators of TensorFlow: the exact Shapley values of a forest's inputs.

A tree is the sum of its paths. A path adds its value v if the record passes all of its questions;
where the answers to some are not known, by the share z of the training examples that pass (Lundberg
et al. 2020, "path-dependent"). So it is v times a product of factors, one a question: 1 or 0 for
whether the record passes, o, or z in its place. The Shapley value of a question i is then an
integral over the share t of the other questions whose answer is known:

    v (o_i - z_i) * integral from 0 to 1 of the product over j != i of (t o_j + (1 - t) z_j) dt

The integrand is a polynomial, of one degree less than there are questions, which Gauss-Legendre
quadrature integrates exactly; all of its terms are positive, so that nothing cancels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
import ydf

from tfline.components.trainer.explain.explainer import Explained, Explainer
from tfline.components.trainer.explain.scores import PROBABILITY, decided, find_score
from tfline.components.trainer.explain.tree_paths import read_paths
from tfline.components.trainer.models.trees.columns import Columns
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead

_PARALLEL = 16
"""Records that are explained side by side: each takes some megabytes."""


class TreeShap(Explainer):
    """Explains a forest by its paths.

    Args:
        model: The forest.
        columns: What it reads.
        head: What it predicts.

    Raises:
        NotImplementedError: A node asks several columns at once.
    """

    def __init__(self, model: ydf.GenericModel, columns: Columns, head: Head) -> None:
        boosted = isinstance(model, ydf.GradientBoostedTreesModel)
        self._is_share = not boosted and not isinstance(head, RegressionHead)
        units = max(2, head.units) if self._is_share else head.units
        places = {column.name: place for place, column in enumerate(columns.all)}
        depths = [column.depth for column in columns.all]
        self._columns = columns
        self._head = head
        self._paths = read_paths(model, places, depths, units)
        first = model.initial_predictions() if boosted else np.zeros(units)
        self._first = np.asarray(first, np.float32)  # [units]
        score = find_score(head)
        if score is None:
            raise NotImplementedError(f"Trees do not predict {head.task}")
        self.unit = PROBABILITY if self._is_share else score.unit
        self.numbers = 1
        self._score = score

    @property
    def size(self) -> int:
        """How many numbers describe the paths."""
        return int(self._paths.share.size * 6 + self._paths.sets.size + self._paths.values.size)

    def explain(
        self, features: Mapping[str, tf.Tensor], chosen: tf.Tensor | None = None
    ) -> Explained:
        """See `Explainer.explain`."""
        return self.explain_columns(self._columns.split(features), chosen)

    def explain_columns(
        self, split: Mapping[str, tf.Tensor], chosen: tf.Tensor | None = None
    ) -> Explained:
        """Explains answers to the columns that the forest reads, [batch] each."""
        row = [tf.cast(split[column.name], tf.float32) for column in self._columns.all]
        x = tf.stack(row, axis=1)  # [batch, columns]
        shares = tf.constant(self._paths.share)
        certain = tf.reduce_prod(shares, axis=1)  # [paths]
        unconditional = self._first + tf.linalg.matvec(
            self._paths.values, certain, transpose_a=True
        )  # [units]
        numbers = len(self._columns.all)

        def one(given: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            record, *wanted = given
            passed = self._passed(record)  # [paths, questions]
            gone = tf.reduce_prod(passed, axis=1)  # [paths]
            logits = self._first + tf.linalg.matvec(self._paths.values, gone, transpose_a=True)
            weights = self._selected(logits, *wanted)  # [units]
            values = tf.linalg.matvec(self._paths.values, weights)  # [paths]
            each = values[:, tf.newaxis] * self._shapley(passed, shares)
            by_column = tf.math.unsorted_segment_sum(
                tf.reshape(each, [-1]), tf.reshape(self._paths.column, [-1]), numbers
            )
            baseline = tf.reduce_sum(weights * unconditional)
            return by_column, baseline, tf.reduce_sum(weights * logits)

        signature = (
            tf.TensorSpec([numbers], tf.float32),
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([], tf.float32),
        )
        by_column, baseline, score = tf.map_fn(
            one,
            (x,) if chosen is None else (x, chosen),
            fn_output_signature=signature,
            parallel_iterations=_PARALLEL,
        )
        return self._in_unit(by_column, baseline, score)

    def _passed(self, record: tf.Tensor) -> tf.Tensor:
        """Returns 1 where a record [columns] passes a question, else 0: [paths, questions]."""
        paths = self._paths
        x = tf.gather(record, paths.column)  # [paths, questions]
        inside = (x >= paths.low) & (x < paths.high)
        passed = tf.where(tf.math.is_nan(x), tf.constant(paths.missing), inside)
        if (paths.items >= 0).any():
            known = tf.where(tf.math.is_finite(x), x, 0.0)
            category = tf.clip_by_value(tf.cast(known, tf.int32), 0, paths.sets.shape[1] - 1)
            row = np.maximum(paths.items, 0) * paths.sets.shape[1]
            among = tf.gather(paths.sets.reshape(-1), row + category)
            passed = tf.where(tf.constant(paths.items >= 0), among, passed)
        return tf.cast(passed, tf.float32)

    def _shapley(self, passed: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """Returns the Shapley values of the questions of paths of value 1, [paths, questions]."""
        points, weights = np.polynomial.legendre.leggauss(math.ceil(shares.shape[1] / 2))
        total = tf.zeros_like(shares)
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            factors = point * passed + (1 - point) * shares
            product = tf.reduce_prod(factors, axis=1, keepdims=True)  # [paths, 1]
            total += weight * tf.math.divide_no_nan(product, factors)
        return (passed - shares) * total

    def _selected(self, logits: tf.Tensor, wanted: tf.Tensor | None = None) -> tf.Tensor:
        """Returns what each logit counts in the score, [units], for logits [units]."""
        if self._head.task == "binary" and self._is_share:
            return tf.constant([0.0, 1.0])
        if self._head.task != "multiclass":
            return tf.ones_like(logits)
        chosen = decided(logits[tf.newaxis])[0] if wanted is None else wanted
        return chosen if self._is_share else chosen - 1 / self._first.size

    def _in_unit(self, by_column: tf.Tensor, baseline: tf.Tensor, score: tf.Tensor) -> Explained:
        """Returns contributions [batch, columns] in the unit of the score."""
        scale, shift = tf.constant(1.0), tf.constant(0.0)
        if isinstance(self._head, RegressionHead):
            zero = tf.zeros([1, 1])
            shift = self._score.of(zero, zero)[0, 0]
            scale = self._score.of(zero + 1, zero)[0, 0] - shift
        parts = tf.unstack(by_column * scale, axis=1)
        contributions: dict[str, tf.Tensor] = {}
        for column, part in zip(self._columns.all, parts, strict=True):
            added = contributions.get(column.feature)
            contributions[column.feature] = part if added is None else added + part
        return Explained(
            {name: part[:, tf.newaxis] for name, part in contributions.items()},
            (baseline * scale + shift)[:, tf.newaxis],
            (score * scale + shift)[:, tf.newaxis],
        )
