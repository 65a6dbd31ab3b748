"""A lexicon: the terms that have an index of their own, learned from the train split or given."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.analysis.terms import SEPARATOR, Terms
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_transform as tft
else:
    tf = lazy_import("tensorflow")
    tft = lazy_import("tensorflow_transform")


def _read_terms(value: Any) -> Any:
    """Reads a file with a term on each line; anything else is left as it is."""
    if not isinstance(value, str):
        return value
    try:
        return Path(value).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ValueError(f"the vocabulary file cannot be read: {exc}") from exc


def _check_terms(value: Sequence[str]) -> Sequence[str]:
    if len(set(value)) < len(value) or "" in value:
        raise ValueError("the terms must be different, and none empty")
    return value


TopK = Annotated[int, Field(ge=1, description="Keep only the most frequent terms.")]
Frequency = Annotated[int, Field(ge=1, description="Keep only terms seen so often.")]
GivenTerms = Annotated[
    tuple[str, ...],
    BeforeValidator(_read_terms, json_schema_input_type=str | list[str]),
    AfterValidator(_check_terms),
    Field(strict=False, min_length=1, description="The terms, or a file with one on each line."),
]
"""A vocabulary that is given. It becomes a part of the spec, so that nothing has to be shipped."""


@dataclasses.dataclass(frozen=True)
class Lexicon:
    """Terms with an index each, from 0 on, the most frequent first.

    Attributes:
        path: A text file, string []; its lines are a term, `SEPARATOR` and its number. None if the
            terms are given.
        terms: The terms, if they are given.
    """

    path: tf.Tensor | None
    terms: tuple[str, ...] = ()

    def look_up(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the index of each term (int64, -1 if it is unknown) and how many there are."""
        return self._apply(x, tf.lookup.TextFileIndex.LINE_NUMBER, default=-1)

    def numbers(self, x: tf.Tensor) -> tf.Tensor:
        """Returns the number of each term (int64, 0 if it is unknown); see `Terms`."""
        return self._apply(x, 1, default=0)[0]

    def _apply(self, x: tf.Tensor, value: int, default: int) -> tuple[tf.Tensor, tf.Tensor]:
        if self.path is None:
            table = given_table(self.terms)
            return table.lookup(x), tf.constant(len(self.terms), tf.int64)
        sizes = []

        def look_up(values: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # A table that is made inside of a graph is filled again whenever the graph is called.
            with contextlib.nullcontext() if tf.is_symbolic_tensor(path) else tf.init_scope():
                lines = tf.lookup.TextFileInitializer(
                    path, tf.string, 0, tf.int64, value, delimiter=SEPARATOR
                )
                table = tf.lookup.StaticHashTable(lines, default)
                sizes.append(table.size())
            return table.lookup(values), sizes[-1]

        found: tf.Tensor = tft.apply_vocabulary(
            x, self.path, default_value=default, lookup_fn=look_up
        )
        return found, sizes[-1]


def given_table(terms: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Returns a table from each of `terms` to its index, int64; -1 for others."""
    with tf.init_scope():
        indices = tf.range(len(terms), dtype=tf.int64)
        given = tf.lookup.KeyValueTensorInitializer(tf.constant(terms), indices)
        return tf.lookup.StaticHashTable(given, default_value=-1)


def find_lexicon(
    terms: tf.Tensor,
    given: Sequence[str] | None = None,
    *,
    top_k: int | None = None,
    min_frequency: int | None = None,
    integers: bool = False,
) -> Analysis[Lexicon]:
    """Returns the lexicon that is given, or that of the train split.

    Args:
        terms: string [terms], all those of a batch; empty ones do not count.
        given: The terms, if they are given.
        top_k: Keep only the most frequent terms.
        min_frequency: Keep only terms seen so often.
        integers: The terms are integers.
    """
    if given is not None:
        return Lexicon(None, tuple(given))
    path = yield Request(Terms(top_k, min_frequency, integers=integers), terms)
    return Lexicon(path)
