"""Transforms of text: string [batch] in, tokens, indices or vectors out, or the text itself.

A chain of small steps, ``[standardize, split, {ngrams: {sizes: [1, 2]}}, tf_idf]``, or all at
once with `text_vectorization`. The tokens of a text are counted by ``count``, ``multi_hot`` and
``tf_idf``, which are those of lists of categories. A model that cuts texts itself takes `text`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from tfline.transforms.analysis.order import Extremes
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.categorical import count
from tfline.transforms.depth import declare_depth, sparse_vector
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import Frequency, GivenTerms, TopK, find_lexicon

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Indices, Strings, Text, Tokens, Vector
else:
    tf = lazy_import("tensorflow")

PUNCTUATION = r'[!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']'
"""What Keras strips from a text."""

HTML_TAG = r"<[^>]*>"

UNKNOWN = 1
"""The index of an unknown token; 0 is padding, and those of the vocabulary follow, as in Keras."""


def _check_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as exc:
        raise ValueError(f"not a regular expression: {exc}") from exc
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_check_pattern)]
Length = Annotated[int, Field(ge=1, le=100_000)]
Size = Annotated[int, Field(ge=1, le=16)]
Sizes = Annotated[tuple[Size, ...], Field(strict=False, min_length=1)]
SplitBy = Literal["whitespace", "character"]


def standardize(
    x: Strings,
    *,
    lower: bool = True,
    strip_html: bool = False,
    strip_punctuation: bool = True,
    pattern: Pattern | None = None,
    replacement: str = "",
) -> Strings:
    """Makes texts alike that differ in what does not matter.

    Args:
        x: string [batch], UTF-8.
        lower: In lower case.
        strip_html: Each HTML tag becomes a space.
        strip_punctuation: Without the punctuation marks of ASCII.
        pattern: A regular expression (RE2); each match becomes `replacement`.
        replacement: What is put in the place of `pattern`.

    Returns:
        string [batch].
    """
    if lower:
        x = tf.strings.lower(x, encoding="utf-8")
    if strip_html:
        x = tf.strings.regex_replace(x, HTML_TAG, " ")
    if pattern is not None:
        x = tf.strings.regex_replace(x, pattern, replacement)
    if strip_punctuation:
        x = tf.strings.regex_replace(x, PUNCTUATION, "")
    return x


def text(x: Strings) -> Text:
    """Leaves texts as they are, for a model with an encoder of its own.

    Args:
        x: string [batch], UTF-8.

    Returns:
        string [batch]; empty where a text is missing.
    """
    return tf.identity(x)


def split(x: Strings, *, by: SplitBy = "whitespace", pattern: Pattern | None = None) -> Tokens:
    """Splits texts into tokens.

    Args:
        x: string [batch], UTF-8.
        by: At white space, or after each character.
        pattern: A regular expression (RE2) for what stands between tokens, in place of `by`.

    Returns:
        ragged string [batch, (tokens)], without empty tokens.
    """
    if pattern is not None:
        separated = tf.strings.regex_replace(x, pattern, "\x1f")
        tokens = tf.strings.split(separated, "\x1f")
    elif by == "character":
        tokens = tf.strings.unicode_split(x, "UTF-8", errors="replace")
    else:
        tokens = tf.strings.split(x)
    return tf.ragged.boolean_mask(tokens, tf.not_equal(tokens, ""))


def ngrams(
    x: Tokens,
    *,
    sizes: Sizes = (1, 2),
    separator: str = " ",
) -> Tokens:
    """Joins neighbouring tokens.

    Args:
        x: ragged string [batch, (tokens)].
        sizes: How many tokens are joined; with 1 the tokens themselves stay.
        separator: What stands between them.

    Returns:
        ragged string [batch, (ngrams)]: those of the first size, then those of the next.
    """
    return tf.strings.ngrams(x, ngram_width=tuple(sizes), separator=separator)


def token_ids(
    x: Tokens,
    *,
    length: Length | None = None,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    vocabulary: GivenTerms | None = None,
    start: bool = False,
    end: bool = False,
    keep: Literal["first", "last"] = "first",
    embedding: Annotated[int, Field(ge=1)] | None = None,
) -> Analysis[Indices]:
    """Returns the indices of tokens in a vocabulary, for a sequence model.

    Args:
        x: ragged string [batch, (tokens)].
        length: How many indices a record has: what is longer is cut, what is shorter padded at
            its end. None: as many as the longest record of the train split.
        top_k: Keep only the most frequent tokens.
        min_frequency: Keep only tokens seen at least so often.
        vocabulary: The tokens, or a file with one on each line; None: those of the train split.
        start: Put a mark before each record: the index after the vocabulary's.
        end: Put a mark after each record, also where it is cut: the last index.
        keep: Which tokens are kept of a record that is longer.
        embedding: The size of its embedding in the model; None: the model's own choice.

    Returns:
        int64 [batch, length]: 0 is padding, 1 an unknown token, 2 the most frequent one.
    """
    del embedding  # the model reads it
    flat = x.flat_values
    lexicon = yield from find_lexicon(flat, vocabulary, top_k=top_k, min_frequency=min_frequency)
    index, size = lexicon.look_up(flat)
    ids = x.with_flat_values(tf.where(index < 0, tf.constant(UNKNOWN, tf.int64), index + 2))
    depth = size + 2 + start + end
    if length is None:
        _, longest = yield Request(Extremes(), tf.cast(x.row_lengths(), tf.float32))
        room = tf.maximum(tf.cast(longest, tf.int64), 1)
    else:
        room = tf.constant(max(length - start - end, 0), tf.int64)
    ids = ids[:, :room] if keep == "first" else ids[:, -room:]
    if start:
        ids = tf.concat([tf.fill([ids.nrows(), 1], depth - 1 - end), ids], axis=1)
    if end:
        ids = tf.concat([ids, tf.fill([ids.nrows(), 1], depth - 1)], axis=1)
    if length is not None:
        return declare_depth(ids.to_tensor(shape=[None, length]), depth)
    cells = ids.to_sparse()  # padding is what is not there
    values = declare_depth(cells.values, depth)
    shape = tf.stack([ids.nrows(), room + start + end])
    return sparse_vector(cells.indices[:, 0], cells.indices[:, 1], values, shape)


def text_vectorization(
    x: Strings,
    *,
    length: Length | None = None,
    standardize_text: bool = True,
    split_by: SplitBy = "whitespace",
    ngram_sizes: Sizes = (1,),
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    vocabulary: GivenTerms | None = None,
    embedding: Annotated[int, Field(ge=1)] | None = None,
) -> Analysis[Indices]:
    """Returns the indices of a text's tokens: `standardize`, `split`, `ngrams`, `token_ids`.

    Args:
        x: string [batch], UTF-8.
        length: See `token_ids`.
        standardize_text: In lower case and without punctuation.
        split_by: See `split`.
        ngram_sizes: See `ngrams`.
        top_k: Keep only the most frequent tokens.
        min_frequency: Keep only tokens seen at least so often.
        vocabulary: The tokens, or a file with one on each line; None: those of the train split.
        embedding: The size of its embedding in the model; None: the model's own choice.

    Returns:
        int64 [batch, length]: 0 is padding, 1 an unknown token, 2 the most frequent one.
    """
    tokens = _tokens(x, standardize_text, split_by, ngram_sizes)
    return (
        yield from token_ids(
            tokens,
            length=length,
            top_k=top_k,
            min_frequency=min_frequency,
            vocabulary=vocabulary,
            embedding=embedding,
        )
    )


def bag_of_words(
    x: Strings,
    *,
    standardize_text: bool = True,
    split_by: SplitBy = "whitespace",
    ngram_sizes: Sizes = (1,),
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    vocabulary: GivenTerms | None = None,
) -> Analysis[Vector]:
    """Returns how often a text has each token: `standardize`, `split`, `ngrams`, `count`.

    Args:
        x: string [batch], UTF-8.
        standardize_text: In lower case and without punctuation.
        split_by: See `split`.
        ngram_sizes: See `ngrams`.
        top_k: Keep only the most frequent tokens.
        min_frequency: Keep only tokens seen at least so often.
        vocabulary: The tokens, or a file with one on each line; None: those of the train split.

    Returns:
        float32 [batch, vocabulary].
    """
    tokens = _tokens(x, standardize_text, split_by, ngram_sizes)
    return (
        yield from count(tokens, top_k=top_k, min_frequency=min_frequency, vocabulary=vocabulary)
    )


def _tokens(x: Strings, standardize_text: bool, split_by: SplitBy, sizes: Sizes) -> Tokens:
    tokens = split(standardize(x) if standardize_text else x, by=split_by)
    return tokens if tuple(sizes) == (1,) else ngrams(tokens, sizes=sizes)
