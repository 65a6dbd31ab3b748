"""The task of writing a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tfline.metrics.texts import NUMBERS, text_numbers
from tfline.tasks.heads.text import TextHead
from tfline.tasks.task import Card, Label, LabelData, Task, Values
from tfline.transforms.features import LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.target_text import REFERENCE, encode_text, reference_text, write_text

if TYPE_CHECKING:
    import numpy as np
    import tensorflow as tf

    from tfline.metrics.arrays import Array, Floats
    from tfline.metrics.statistic import Decision
    from tfline.tasks.task import Columns, Errors, Outputs
    from tfline.transforms.analysis.passes import Analysis
else:
    np = lazy_import("numpy")
    tf = lazy_import("tensorflow")


class Text(Task):
    """A text, token by token."""

    family = "text"
    fields = frozenset({"transform", "length", "top_k", "marks"})
    head = TextHead
    writes = True
    examined = 200  # to write a text takes many steps
    error_name = "loss a token"

    def check(self, label: LabelSpec) -> None:
        """Sees that a text is cut into tokens, not scaled."""
        if isinstance(label.transform, str):
            raise ValueError(  # noqa: TRY004 - of a spec, not of a call
                f"`transform: {label.transform}` is for a number to predict. Received: task "
                f"{self.name}"
            )

    def settle(self, label: LabelSpec, data: LabelData) -> tuple[LabelSpec, Values]:
        """Returns the label with the length of its texts, and its vocabulary."""
        return data.vocabulary(label)

    def encode(self, columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
        """Returns the tokens, int64 [batch, length]."""
        return encode_text(columns, label, values)

    def beside(self, columns: Columns, label: LabelSpec) -> Analysis[Outputs]:
        """Makes the text as a model should write it."""
        yield from ()
        return {REFERENCE: reference_text(columns, label)}

    def answer(
        self,
        y: Any,
        label: Label,
        threshold: tf.Tensor | None = None,
        levels: Sequence[float] = (),
    ) -> Outputs:
        """Returns the best texts: ``sequences`` string and ``scores`` float32, [batch, k].

        Args:
            y: The texts that were found: ``tokens`` and ``scores``.
            label: Its classes are the tokens.
            threshold: Not used.
            levels: Not used.
        """
        return {
            "sequences": write_text(y.tokens, label.classes, label.separator),
            "scores": y.scores,
        }

    @property
    def output(self) -> str:
        """The texts, the best first, [n, k]."""
        return "sequences"

    def prediction(self, answer: Mapping[str, tf.Tensor], card: Card) -> tf.Tensor:
        """Returns the best text, string [n]."""
        return answer[self.output][:, 0]

    def predict(
        self,
        signatures: Mapping[str, Callable[..., Any]],
        examples: tf.Tensor,
        card: Card,
        *,
        writes: bool = True,
    ) -> tf.Tensor:
        """Returns the numbers of the texts, float64 [n, NUMBERS]; see `text_numbers`.

        Without `writes`, which takes a beam search, they are those of empty texts.
        """
        scored = signatures["score"](examples=examples)
        if writes:
            written = self.prediction(signatures["serving_default"](examples=examples), card)
        else:
            written = tf.zeros_like(examples)
        arguments = [scored[name] for name in ("reference", "log_probability", "tokens")]
        numbers = tf.numpy_function(text_numbers, [written, *arguments], tf.float64)
        return tf.ensure_shape(numbers, [None, NUMBERS])

    def true_label(self, label: tf.Tensor) -> tf.Tensor:
        """Returns how many tokens a text has, int64 [n]; -1 where it is missing."""
        tokens = tf.math.count_nonzero(label, axis=1)
        return tf.where(tf.reduce_any(label < 0, axis=1), tf.constant(-1, tf.int64), tokens)

    def errors(self, labels: Array, predictions: Floats, card: Card, decision: Decision) -> Errors:
        """Returns the negative log-likelihood a token of references that were not written."""
        loss = -predictions[:, 1] / np.maximum(predictions[:, 2], 1)
        errors: Floats = np.where(predictions[:, 0] > 0, 0.0, loss)
        return errors, lambda _: ("", "")  # the numbers do not hold the texts

    def describe(self, classes: Sequence[str]) -> str:
        """Returns how many tokens there are."""
        return f"{self.name}, written with {len(classes):,} tokens" if classes else self.name
