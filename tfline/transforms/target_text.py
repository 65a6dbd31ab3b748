"""The text that a model learns to write: tokens, their indices, and the text again.

index 0     padding, after the end of a text
index 1     a token that is not in the vocabulary
2, 3, ...   the tokens of the train split, the most frequent first
last two    the marks of start and end, if the label has them
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfline.transforms.columns import as_strings
from tfline.transforms.features import LabelSpec
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import given_table
from tfline.transforms.table import resolve
from tfline.transforms.text import UNKNOWN

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Tokens

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")

PADDING = 0
"""The index after the end of a text."""

SPECIAL = ("", "[UNK]")
"""What stands for padding and for an unknown token."""

MARKS = ("[START]", "[END]")
"""What stands for the marks around a text."""

REFERENCE = "tfline_reference"
"""The output of the transform graph that holds the text as a model should write it."""


def with_specials(terms: Sequence[str], *, marks: bool) -> list[str]:
    """Returns what each index stands for."""
    return [*SPECIAL, *terms, *(MARKS if marks else ())]


def has_marks(tokens: Sequence[str]) -> bool:
    """Tells whether texts of these tokens begin and end with a mark."""
    return tuple(tokens[-len(MARKS) :]) == MARKS


def without_specials(tokens: Sequence[str]) -> list[str]:
    """Returns the terms of `with_specials`."""
    return list(tokens[len(SPECIAL) : len(tokens) - (len(MARKS) if has_marks(tokens) else 0)])


def tokens_of(columns: Columns, label: LabelSpec) -> Tokens:
    """Returns the tokens of each text, ragged string [batch, (tokens)]."""
    x = as_strings(columns[label.key])
    for step in label.tokenization:
        x = resolve(step.transform)(x, **step.arguments)
    return x


def encode_text(columns: Columns, label: LabelSpec, values: Sequence[int | str]) -> tf.Tensor:
    """Returns the indices of the tokens of each text, between its marks.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        label: How a text is cut into tokens, and its length.
        values: What each index stands for; see `with_specials`.

    Returns:
        int64 [batch, length]: what is longer is cut before its end mark, what is shorter padded
        with 0. -1 where the text is missing.
    """
    stands_for = [str(value) for value in values]
    tokens = tokens_of(columns, label)
    index = given_table(without_specials(stands_for)).lookup(tokens.flat_values)
    index = tf.where(index < 0, tf.constant(UNKNOWN, tf.int64), index + len(SPECIAL))
    ids = tokens.with_flat_values(index)
    if has_marks(stands_for):
        ids = ids[:, : label.size - len(MARKS)]
        start, end = (
            tf.fill([ids.nrows(), 1], tf.constant(len(values) - back, tf.int64)) for back in (2, 1)
        )
        ids = tf.concat([start, ids, end], axis=1)
    padded = ids.to_tensor(shape=[None, label.size])
    missing = tf.equal(as_strings(columns[label.key]), "")
    return tf.where(missing[:, tf.newaxis], tf.constant(-1, tf.int64), padded)


def reference_text(columns: Columns, label: LabelSpec) -> tf.Tensor:
    """Returns each text as a model should write it, string [batch]: its tokens, joined."""
    tokens = tokens_of(columns, label)
    return tf.strings.reduce_join(tokens, axis=1, separator=label.separator)


def write_text(ids: tf.Tensor, tokens: Sequence[str], separator: str) -> tf.Tensor:
    """Returns the text of indices.

    Args:
        ids: int64 [..., length]; padding and marks are left out.
        tokens: What each index stands for.
        separator: What stands between two tokens of a text.

    Returns:
        string [...].
    """
    plain = len(tokens) - (len(MARKS) if has_marks(tokens) else 0)
    rows = tf.reshape(ids, [-1, ids.shape[-1]])
    is_written = (rows > 0) & (rows < plain)
    words = tf.ragged.boolean_mask(tf.gather(tf.constant(list(tokens)), rows), is_written)
    texts = tf.strings.reduce_join(words, axis=1, separator=separator)
    return tf.ensure_shape(tf.reshape(texts, tf.shape(ids)[:-1]), ids.shape[:-1])
