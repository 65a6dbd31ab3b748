"""The vocabulary of a text that is to be written: found in the train split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfline.components.artifacts.splits import compression
from tfline.transforms.errors import AnomalyError
from tfline.transforms.features import FeatureSpec, LabelSpec, Step
from tfline.transforms.target_text import MARKS, tokens_of, with_specials, without_specials

BATCH = 1024
"""Texts cut into tokens at once."""

PROMPT = "prompt"
"""The feature of a model that goes on with a text."""


def find_vocabulary(
    label: LabelSpec, dtype: tf.DType, files: Sequence[str]
) -> tuple[LabelSpec, list[int | str]]:
    """Looks at each text once.

    Args:
        label: How a text is cut into tokens.
        dtype: Type of the raw label.
        files: TFRecord files of the train split, plain or GZIP (named ``.gz``).

    Returns:
        The label with the length of its longest text, unless that is given, and what each index
        stands for; see `tfline.transforms.target_text`.

    Raises:
        AnomalyError: There is no text, or a token that is not UTF-8.
    """
    counts: Counter[bytes] = Counter()
    longest = 0
    spec = {label.key: tf.io.VarLenFeature(dtype)}

    def cut(records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        tokens = tokens_of(tf.io.parse_example(records, spec), label)
        return tokens.flat_values, tf.reduce_max(tokens.row_lengths())

    for path in files:
        records = tf.data.TFRecordDataset(path, compression(path)).batch(BATCH)
        batches = records.map(cut, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
        for tokens, length in batches.as_numpy_iterator():
            found, numbers = np.unique(tokens, return_counts=True)
            counts.update(dict(zip(found.tolist(), numbers.tolist(), strict=True)))
            longest = max(longest, int(length))
    if not counts:
        raise AnomalyError(
            f"The label '{label.key}' has no text in the train split",
            hint="Name the raw feature that holds what is to be written.",
        )
    frequent = sorted(counts, key=lambda token: (counts[token], token), reverse=True)
    terms = [_decoded(label.key, token) for token in frequent[: label.top_k]]
    length = label.length or longest + (len(MARKS) if label.marks else 0)
    return label.model_copy(update={"length": length}), [*with_specials(terms, marks=label.marks)]


def prompt_feature(label: LabelSpec, values: Sequence[int | str]) -> FeatureSpec:
    """Returns the beginning of a text as a feature, for a model that has no other.

    Args:
        label: The text, with its length.
        values: What each index stands for, in the text and in its beginning.
    """
    arguments = {
        "length": label.length,
        "vocabulary": without_specials([str(value) for value in values]),
        "start": label.marks,
        "keep": "last",
    }
    steps = (*label.tokenization, Step(transform="token_ids", arguments=arguments))
    return FeatureSpec(name=PROMPT, keys=(label.key,), steps=steps)


def _decoded(key: str, token: bytes) -> str:
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise AnomalyError(
            f"The label '{key}' has a token that is not UTF-8 text: {token!r}",
            hint="Texts are read and written as UTF-8.",
        ) from exc
