"""How many tokens of a text are right."""

from __future__ import annotations

import keras
from keras import ops

from tfline.transforms.target_text import PADDING


@keras.saving.register_keras_serializable("tfline")
class TokenAccuracy(keras.metrics.Mean):
    """The share of tokens that have the largest logit; padding does not count."""

    def update_state(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> None:
        """Adds a batch.

        Args:
            y_true: The tokens, integers [batch, tokens].
            y_pred: Logits, [batch, tokens, vocabulary].
            sample_weight: How much each text counts, [batch]; None: all the same.
        """
        y_true = ops.cast(y_true, "int64")
        is_right = ops.equal(ops.argmax(y_pred, axis=-1), y_true)
        counts = ops.cast(ops.not_equal(y_true, PADDING), self.dtype)
        if sample_weight is not None:
            counts = counts * ops.expand_dims(ops.cast(sample_weight, self.dtype), axis=1)
        super().update_state(is_right, counts)
