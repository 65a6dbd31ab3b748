"""The head of a label that is a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import
from tfline.transforms.target_text import has_marks

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from tfline.tasks.heads.head import Features
else:
    keras = lazy_import("keras")

TARGET = "tfline_target"
"""The input of a model that holds the text that it has to write, while it is trained."""


class TextHead(Head):
    """A text, token by token: the logits of what follows each token, [batch, tokens, vocabulary].

    Its classes are the tokens, those of `tfline.transforms.target_text`; its size is the
    length of a text.
    """

    task = "text"
    activation = "linear"
    teacher = TARGET

    @property
    def units(self) -> int:
        """The size of the vocabulary."""
        return len(self.classes)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the output, the batch first."""
        return (None, None, self.units)

    @property
    def start(self) -> int | None:
        """The token that a text begins with; None: it goes on with what is given."""
        return self.units - 2 if has_marks(self.classes) else None

    @property
    def end(self) -> int | None:
        """The token that a text ends with; None: it ends when it is long enough."""
        return self.units - 1 if has_marks(self.classes) else None

    @property
    def length(self) -> int:
        """How many tokens are written at most, with the end mark."""
        return self.size - 1

    def example(self, features: Features, label: tf.Tensor) -> tuple[Features, tf.Tensor]:
        """Returns each token as an input, and the one that follows as what is compared with.

        It is called teacher forcing (Williams and Zipser 1989).

        Args:
            features: Name to tensor [batch, ...].
            label: int64 [batch, size].
        """
        return {**features, TARGET: label[:, :-1]}, label[:, 1:]

    def loss(self) -> keras.losses.Loss:
        """Returns the cross-entropy with the tokens, [batch, tokens], mean over all but padding."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Returns the share of tokens that are right."""
        from tfline.tasks.heads.token_accuracy import TokenAccuracy

        return [TokenAccuracy(name="accuracy")]
