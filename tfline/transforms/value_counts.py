"""How many values a record holds of a raw feature.

A number is one value, a vector always the same number of them, a series or a list of tokens any.
The schema says what the train split has; the transform graph holds every record against it, in
analysis, in training and in the served model alike. A record may lack a feature: it then has no
value, however many there are elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf

    Columns = Mapping[str, tf.SparseTensor]
else:
    tf = lazy_import("tensorflow")

Taken = Literal["one", "vector", "list"]
"""One value a record; one, or always equally many; any number of them."""


class ValueCount(NamedTuple):
    """The fewest and the most values of a record that has the feature; `high` None: unbounded."""

    low: int
    high: int | None

    @property
    def width(self) -> int | None:
        """The number of values that every record has; None if it differs."""
        return self.low if self.low == self.high else None

    def __str__(self) -> str:
        if self.high is None:
            return "lists of any number of values"
        if self.width is not None:
            return f"lists of {self.width} values" if self.width > 1 else "one value"
        return f"lists of {self.low} to {self.high} values"


ONE = ValueCount(0, 1)

_SERIES = "A series that may be longer or shorter ends its chain with `pad` or `window`."
_LABEL = (
    "Several classes of a record: `task: multilabel`. Several numbers ahead: `task: forecast` and "
    "`horizon`. A one-hot list has a single 1 among zeros, equally many in every record."
)
HINTS: dict[tuple[str, Taken], str] = {
    ("feature", "one"): "A list of categories: `multi_hot` or `count`. A list of numbers: a "
    f"transform of numbers. {_SERIES}",
    ("feature", "vector"): f"{_SERIES} Or give every record equally many numbers.",
    ("label", "one"): _LABEL,
    ("label", "vector"): _LABEL,
    ("weight", "one"): "Give every record one number.",
    ("slice", "one"): "Slice by a feature that has one value a record.",
}
"""What to do about another number of values, by the role of a raw feature and what it takes."""


def count_problem(found: ValueCount | None, take: Taken) -> str:
    """Returns what is taken in place of what is found; empty if it fits."""
    if found is None or found.high == 1 or take == "list":
        return ""
    if take == "one":
        return "one value a record"
    return "" if found.width is not None else "one number a record, or always equally many"


def checked(columns: Columns, counts: Mapping[str, ValueCount]) -> dict[str, tf.SparseTensor]:
    """Returns columns that are an error where a record holds another number of values.

    Args:
        columns: Raw feature to sparse tensor [batch, values].
        counts: How many values a record may hold of each.
    """
    return {
        key: _checked(key, column, counts[key]) if key in counts else column
        for key, column in columns.items()
    }


def _checked(key: str, column: tf.SparseTensor, count: ValueCount) -> tf.SparseTensor:
    low, high = count
    if high is None and low <= 1:
        return column
    if high == 1:
        found = column.dense_shape[1]
        fits = found <= 1
    else:
        ones = tf.ones_like(column.indices[:, 0])
        lengths = tf.math.unsorted_segment_sum(ones, column.indices[:, 0], column.dense_shape[0])
        wrong = (lengths > 0) & (lengths < low)
        if high is not None:
            wrong |= lengths > high
        found = tf.boolean_mask(lengths, wrong)[:1]
        fits = ~tf.reduce_any(wrong)
    expected = f"{low}" if count.width else f"{low} to {high}" if high else f"{low} or more"
    message = (
        f"The feature `{key}` has a wrong number of values in a record. Expected "
        f"{'1' if high == 1 else expected}. Received:"
    )
    # the operation itself: `tf.debugging.Assert` puts it into a branch, which costs more
    checked_first = tf.raw_ops.Assert(condition=fits, data=[message, found])
    with tf.control_dependencies([checked_first] if checked_first is not None else []):
        return tf.SparseTensor(column.indices, tf.identity(column.values), column.dense_shape)
