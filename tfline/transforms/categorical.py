"""Transforms of categories: string [batch] with empty for missing values, or lists of strings.

A number is a category by its shortest text, so that an integer hour can be looked up too. Indices
are those of Keras: first the mask, then the unknown ones, then the vocabulary, the most frequent
category first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tfline.transforms.analysis.order import Rows
from tfline.transforms.analysis.passes import Analysis, Request
from tfline.transforms.analysis.terms import Terms
from tfline.transforms.depth import declare_depth, sparse_vector
from tfline.transforms.lazy import lazy_import
from tfline.transforms.lexicon import Frequency, GivenTerms, Lexicon, TopK, find_lexicon

if TYPE_CHECKING:
    import tensorflow as tf

    from tfline.transforms.kinds import Indices, Numbers, Strings, Tokens, Vector
else:
    tf = lazy_import("tensorflow")

Buckets = Annotated[int, Field(ge=1, le=10_000)]
Units = Annotated[int, Field(ge=1, description="The size of its embedding in the model.")]


def string_lookup(
    x: Strings,
    *,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    oov_buckets: Buckets = 1,
    mask_token: str | None = None,
    vocabulary: GivenTerms | None = None,
    embedding: Units | None = None,
) -> Analysis[Indices]:
    """Returns the index of a category in a vocabulary.

    Args:
        x: string [batch].
        top_k: Keep only the most frequent categories.
        min_frequency: Keep only categories seen at least so often.
        oov_buckets: How many indices are for categories that are not in the vocabulary.
        mask_token: A category that says that there is none; it and missing values get the index
            0. None: a missing value is an unknown category.
        vocabulary: The categories, or a file with one on each line; None: those of the train
            split.
        embedding: The size of its embedding in the model; None: the model's own choice.

    Returns:
        int64 [batch] in [0, mask + oov_buckets + vocabulary).
    """
    del embedding  # the model reads it
    if mask_token is not None:
        x = tf.where(tf.equal(x, mask_token), tf.constant("", tf.string), x)
    lexicon = yield from find_lexicon(x, vocabulary, top_k=top_k, min_frequency=min_frequency)
    return _index(x, lexicon, oov_buckets, masked=mask_token is not None)


def integer_lookup(
    x: Strings,
    *,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    oov_buckets: Buckets = 1,
    mask_token: int | None = None,
    vocabulary: Annotated[tuple[int, ...], Field(strict=False, min_length=1)] | None = None,
    embedding: Units | None = None,
) -> Analysis[Indices]:
    """Returns the index of an integer in a vocabulary of integers.

    Args:
        x: string [batch] of integers of up to 27 digits; anything else counts as missing.
        top_k: Keep only the most frequent integers.
        min_frequency: Keep only integers seen at least so often.
        oov_buckets: How many indices are for integers that are not in the vocabulary: the
            remainder of the integer chooses.
        mask_token: An integer that says that there is none; it and missing values get the index
            0. None: a missing value has the first index of the unknown ones.
        vocabulary: The integers; None: those of the train split.
        embedding: The size of its embedding in the model; None: the model's own choice.

    Returns:
        int64 [batch] in [0, mask + oov_buckets + vocabulary).
    """
    del embedding  # the model reads it
    x = _integers(x)
    if mask_token is not None:
        x = tf.where(tf.equal(x, str(mask_token)), tf.zeros_like(x), x)
    given = None if vocabulary is None else [str(value) for value in vocabulary]
    lexicon = yield from find_lexicon(
        x, given, top_k=top_k, min_frequency=min_frequency, integers=True
    )
    unknown = _remainder(x, oov_buckets)
    return _index(x, lexicon, oov_buckets, masked=mask_token is not None, unknown=unknown)


def hashing(
    x: Strings,
    *,
    bins: Annotated[int, Field(ge=2, le=10_000_000)],
    salt: Annotated[tuple[int, int], Field(strict=False)] | int | None = None,
    mask_missing: bool = False,
    embedding: Units | None = None,
) -> Indices:
    """Returns a hash of a category; no vocabulary is needed.

    Args:
        x: string [batch].
        bins: How many different hashes there are.
        salt: Two integers, or one for both, that choose another hash function (SipHash64);
            without them it is FarmHash64.
        mask_missing: A missing value gets the index 0, and nothing else does.
        embedding: The size of its embedding in the model; None: the model's own choice.

    Returns:
        int64 [batch] in [0, bins).
    """
    del embedding  # the model reads it
    hashed_bins = bins - 1 if mask_missing else bins
    if salt is None:
        index = tf.strings.to_hash_bucket_fast(x, hashed_bins)
    else:
        key = [salt, salt] if isinstance(salt, int) else list(salt)
        index = tf.strings.to_hash_bucket_strong(x, hashed_bins, key)
    if mask_missing:
        index = tf.where(tf.equal(x, ""), tf.zeros_like(index), index + 1)
    return declare_depth(index, bins)


def ordinal(
    x: Strings,
    *,
    order: Annotated[
        tuple[str, ...],
        Field(strict=False, min_length=2, examples=[["low", "middle", "high"]]),
    ],
) -> Indices:
    """Returns the place of a category in an order that is given.

    Args:
        x: string [batch].
        order: The categories, from the lowest on.

    Returns:
        int64 [batch] in [0, len(order)]; the last number is for other and missing values.
    """
    index, size = Lexicon(None, tuple(order)).look_up(x)
    return declare_depth(tf.where(index < 0, size, index), len(order) + 1)


def frequency(x: Strings, *, normalize: bool = True) -> Analysis[Numbers]:
    """Returns how frequent a category is in the train split.

    Args:
        x: string [batch].
        normalize: The share of all records that have a value; else how many there are.

    Returns:
        float32 [batch]; 0 for an unknown category, and where the value is missing.
    """
    present = tf.boolean_mask(x, tf.not_equal(x, ""))
    path = yield Request(Terms(), x)
    numbers = tf.cast(Lexicon(path).numbers(x), tf.float64)
    if normalize:
        [total] = yield Request(Rows(), present)
        numbers = tf.math.divide_no_nan(numbers, total)
    return tf.cast(numbers, tf.float32)


def one_hot(
    x: Strings,
    *,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    vocabulary: GivenTerms | None = None,
) -> Analysis[Vector]:
    """Returns one column a category, 1.0 in the column of the value.

    Args:
        x: string [batch].
        top_k: Keep only the most frequent categories.
        min_frequency: Keep only categories seen at least so often.
        vocabulary: The categories, or a file with one on each line; None: those of the train
            split.

    Returns:
        float32 [batch, vocabulary]; a row of zeros for a missing or unknown category.
    """
    lexicon = yield from find_lexicon(x, vocabulary, top_k=top_k, min_frequency=min_frequency)
    index, size = lexicon.look_up(x)
    rows = tf.where(index >= 0)[:, 0]
    columns = tf.gather(index, rows)
    shape = tf.stack([tf.size(index, tf.int64), size])
    return sparse_vector(rows, columns, tf.ones_like(rows, tf.float32), shape)


def multi_hot(
    x: Tokens,
    *,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    vocabulary: GivenTerms | None = None,
) -> Analysis[Vector]:
    """Returns one column a term, 1.0 in those of the terms that a record has.

    Args:
        x: ragged string [batch, (terms)].
        top_k: Keep only the most frequent terms.
        min_frequency: Keep only terms seen at least so often.
        vocabulary: The terms, or a file with one on each line; None: those of the train split.

    Returns:
        float32 [batch, vocabulary].
    """
    flat = x.flat_values
    lexicon = yield from find_lexicon(flat, vocabulary, top_k=top_k, min_frequency=min_frequency)
    rows, columns, counts, shape = _count_terms(x, lexicon)
    return sparse_vector(rows, columns, tf.ones_like(counts), shape)


def count(
    x: Tokens,
    *,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    vocabulary: GivenTerms | None = None,
) -> Analysis[Vector]:
    """Returns one column a term: how often a record has it (a bag of words).

    Args:
        x: ragged string [batch, (terms)].
        top_k: Keep only the most frequent terms.
        min_frequency: Keep only terms seen at least so often.
        vocabulary: The terms, or a file with one on each line; None: those of the train split.

    Returns:
        float32 [batch, vocabulary].
    """
    flat = x.flat_values
    lexicon = yield from find_lexicon(flat, vocabulary, top_k=top_k, min_frequency=min_frequency)
    return sparse_vector(*_count_terms(x, lexicon))


def tf_idf(
    x: Tokens,
    *,
    top_k: TopK | None = None,
    min_frequency: Frequency | None = None,
    norm: Literal["l2", "none"] = "l2",
) -> Analysis[Vector]:
    """Returns one column a term: its count in a record, weighted by how rare it is.

    The weight is ``ln((1 + records) / (1 + records with the term)) + 1``, as in scikit-learn.

    Args:
        x: ragged string [batch, (terms)].
        top_k: Keep only the most frequent terms.
        min_frequency: Keep only terms seen at least so often.
        norm: Scale each record to length 1, or leave it.

    Returns:
        float32 [batch, vocabulary].
    """
    reducer = Terms(top_k, min_frequency, documents=True)
    path = yield Request(reducer, x.flat_values, x.value_rowids())
    [records] = yield Request(Rows(), x.row_lengths())
    lexicon = Lexicon(path)
    rows, columns, counts, shape = _count_terms(x, lexicon)
    in_records = lexicon.numbers(x.flat_values)
    # the number of a term's records, in the column that it is counted in
    index, _ = lexicon.look_up(x.flat_values)
    by_column = tf.math.unsorted_segment_max(
        in_records, tf.where(index < 0, shape[1], index), shape[1] + 1
    )
    found = tf.cast(tf.gather(by_column, columns), tf.float64)
    weights = tf.math.log((1 + records) / (1 + found)) + 1
    values = tf.cast(tf.cast(counts, tf.float64) * weights, tf.float32)
    if norm == "l2":
        squares = tf.math.unsorted_segment_sum(values**2, rows, shape[0])
        values = tf.math.divide_no_nan(values, tf.sqrt(tf.gather(squares, rows)))
    return sparse_vector(rows, columns, values, shape)


def _integers(x: Strings) -> Strings:
    """Returns integers in their shortest form, as a vocabulary has them; empty for others."""
    is_integer = tf.strings.regex_full_match(x, r"[-+]?[0-9]{1,27}")
    x = tf.where(is_integer, x, tf.zeros_like(x))
    x = tf.strings.regex_replace(x, r"^\+", "")
    x = tf.strings.regex_replace(x, r"^(-?)0+([0-9])", r"\1\2")
    return tf.where(tf.equal(x, "-0"), tf.constant("0"), x)


def _remainder(x: Strings, divisor: int) -> tf.Tensor:
    """Returns integers modulo `divisor`, int64; 0 for an empty text.

    More digits than an int64 holds are taken in three parts.
    """
    digits = tf.strings.regex_replace(x, "^-", "")
    padded = tf.strings.join([tf.constant("0" * 27), digits])  # the last 27 digits are the number
    remainder = tf.zeros_like(tf.strings.length(x), tf.int64)
    for start in (-27, -18, -9):
        part = tf.strings.substr(padded, start, 9)
        number = tf.strings.to_number(part, tf.int64)
        remainder = (remainder * (10**9 % divisor) + number) % divisor
    is_negative = tf.strings.regex_full_match(x, "-.*")
    return tf.where(is_negative, -remainder % divisor, remainder)


def _index(
    x: Strings,
    lexicon: Lexicon,
    oov_buckets: int,
    *,
    masked: bool,
    unknown: tf.Tensor | None = None,
) -> Indices:
    """Returns the indices of Keras: mask, unknown ones, vocabulary.

    Args:
        x: string, of any shape; empty where it is missing.
        lexicon: The vocabulary.
        oov_buckets: How many indices are for what is not in it.
        masked: Whether there is a mask, for missing values.
        unknown: int64, of the shape of x: which of these indices; None: by a hash.
    """
    found, size = lexicon.look_up(x)
    if unknown is None:
        unknown = tf.strings.to_hash_bucket_fast(x, oov_buckets)
    first = int(masked)
    index = tf.where(found >= 0, found + first + oov_buckets, unknown + first)
    if masked:
        index = tf.where(tf.equal(x, ""), tf.zeros_like(index), index)
    return declare_depth(index, size + first + oov_buckets)


def _count_terms(x: Tokens, lexicon: Lexicon) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Returns row, column (int64 [n]) and count (float32 [n]) of known terms, and the shape."""
    index, size = lexicon.look_up(x.flat_values)
    known = index >= 0
    rows = tf.boolean_mask(tf.cast(x.value_rowids(), tf.int64), known)
    cells = rows * size + tf.boolean_mask(index, known)
    cells, _, counts = tf.unique_with_counts(tf.sort(cells), out_idx=tf.int64)
    shape = tf.stack([tf.cast(x.nrows(), tf.int64), size])
    divisor = tf.maximum(size, 1)
    return cells // divisor, cells % divisor, tf.cast(counts, tf.float32), shape
