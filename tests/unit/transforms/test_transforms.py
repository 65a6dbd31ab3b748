"""The contract of a transform, for every entry of the table, with exact numbers.

Statistics are those of the values that were analyzed; a missing value and an empty record have a
defined result; whatever comes out has a static shape and no NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfline.transforms.table import TRANSFORMS
from tfline.transforms.taken import taken
from tfline.transforms.target import TARGET

PIXELS = bytes(range(12))

RAW_2_2 = ("decode_raw", {"shape": (2, 2, 1)})

PNG = tf.io.encode_png(np.array([[[7], [9]]], np.uint8)).numpy()


RECORDS = 10
"""As many are analyzed: what a case has fewer values for is missing in the others."""


class Case(NamedTuple):
    """What a chain of transforms makes of a few values.

    Attributes:
        steps: The chain.
        train: The values to analyze; None is missing, a list is several values of a record, a
            tuple the values of several raw features.
        expected: What becomes of them; None: not looked at.
        other: Values that were not analyzed.
        other_expected: What becomes of these.
        keys: The names of the raw features, if they matter.
    """

    steps: tuple[Any, ...]
    train: list[Any]
    expected: Any
    other: list[Any]
    other_expected: Any
    keys: tuple[str, ...] = ()

    def columns(self, name: str, values: list[Any]) -> dict[str, list[Any]]:
        """Returns the values by raw feature."""
        return {key: [v[i] if isinstance(v, tuple) else v for v in values]
                for i, key in enumerate(self.raw(name))}  # fmt: skip

    def raw(self, name: str) -> tuple[str, ...]:
        """Returns the raw features: one, or as many as there are in a tuple of values."""
        if self.keys or not isinstance(self.train[0], tuple):
            return self.keys or (name,)
        return tuple(f"{name}_{i}" for i in range(len(self.train[0])))


CASES = {
    "z_score beside NaN and infinity": Case(
        ("z_score",), [2.0, 4.0, math.inf, 6.0, 8.0, math.nan], None, [5.0], [0],
    ),
    "min_max beside NaN and infinity": Case(
        ("min_max",), [2.0, 4.0, math.inf, -math.inf, 10.0, math.nan], None, [4.0], [0.25],
    ),
    "bucketize beside NaN and infinity": Case(
        (("bucketize", {"buckets": 2}),),
        [1.0, 2.0, math.inf, 30.0, 40.0, math.nan], None, [2.0, 30.0], [0, 1],
    ),
    "z_score of nothing": Case(("z_score",), [None, None], [0, 0], [1.0], None),
    "min_max of nothing": Case(("min_max",), [None, None], [0.5, 0.5], [1.0], [0]),
    "bucketize of nothing": Case(("bucketize",), [None, None], [10, 10], [1.0], None),
    "passthrough": Case(
        (("passthrough", {"default": -1.0}),),
        [1.5, 2.0, None, -4.0, 0.0], [1.5, 2.0, -1.0, -4.0, 0.0],
        [None, 1e6], [-1.0, 1e6],
    ),
    "keep_missing": Case(
        ("keep_missing",),
        [1.5, 2.0, None, -4.0, math.inf], [1.5, 2.0, math.nan, -4.0, math.nan],
        [None, 1e6], [math.nan, 1e6],
    ),
    "log1p, keep_missing": Case(
        ("log1p", "keep_missing"), [0.0, math.e - 1, None], [0, 1, math.nan], [None], [math.nan],
    ),
    "z_score": Case(  # mean 5, standard deviation sqrt(5)
        ("z_score",),
        [2.0, 4.0, None, 6.0, 8.0], np.array([-3, -1, 0, 1, 3]) / math.sqrt(5),
        [5.0, None, 10.0], [0, 0, math.sqrt(5)],
    ),
    "z_score of integers": Case(
        ("z_score",), [2, 4, None, 6, 8], np.array([-3, -1, 0, 1, 3]) / math.sqrt(5),
        [5], [0],
    ),
    "z_score of a constant": Case(
        ("z_score",), [7.0, 7.0, None, 7.0, 7.0], [0] * 5, [9.0], [0],
    ),
    "min_max": Case(
        ("min_max",),
        [2.0, 4.0, None, 6.0, 10.0], [0, 0.25, 0.5, 0.5, 1],
        [0.0, 12.0], [-0.25, 1.25],
    ),
    "min_max of a constant": Case(
        ("min_max",), [7.0, 7.0, None, 7.0, 7.0], [0, 0, 0.5, 0, 0], [7.0], [0],
    ),
    "log1p": Case(
        ("log1p", "passthrough"),
        [0.0, math.e - 1, None, -5.0, 1.0], [0, 1, 0, 0, math.log(2)],
        [None], [0],
    ),
    "log1p, z_score": Case(
        ("log1p", "z_score"),
        [0.0, math.expm1(2), None, math.expm1(4), -1.0],
        np.array([-1.5, 0.5, 0, 2.5, -1.5]) / math.sqrt(2.75),
        [None], [0],
    ),
    "bucketize": Case(
        (("bucketize", {"buckets": 2}),),
        [1.0, 2.0, None, 30.0, 40.0], [0, 0, 2, 1, 1],
        [-100.0, 100.0, None], [0, 1, 2],
    ),
    "string_lookup": Case(
        ("string_lookup",),
        ["b", "a", None, "b", ""], [1, 2, 0, 1, 0],
        ["a", "c", None], [2, 0, 0],
    ),
    "string_lookup of the most frequent": Case(
        (("string_lookup", {"top_k": 1}),),
        ["b", "a", "c", "b", None], [1, 0, 0, 1, 0],
        ["z"], [0],
    ),
    "string_lookup of the frequent": Case(
        (("string_lookup", {"min_frequency": 2}),),
        ["b", "a", "a", "b", "c"], [1, 2, 2, 1, 0],
        ["c"], [0],
    ),
    "string_lookup of integers": Case(
        ("string_lookup",), [30, 20, 30, None, 30], [1, 2, 1, 0, 1], [20, 10], [2, 0],
    ),
    "string_lookup of one category": Case(
        ("string_lookup",), ["a", "a", "a", None, "a"], [1, 1, 1, 0, 1], ["b"], [0],
    ),
    "one_hot": Case(
        ("one_hot",),
        ["b", "a", None, "b", ""], [[1, 0], [0, 1], [0, 0], [1, 0], [0, 0]],
        ["c", "a"], [[0, 0], [0, 1]],
    ),
    "one_hot of one category": Case(
        ("one_hot",), ["a", "a", "a", None, "a"], [[1], [1], [1], [0], [1]], ["b"], [[0]],
    ),
    "string_lookup of unicode and binary strings": Case(
        ("string_lookup",),
        ["Zürich", b"\xff\x00\xfe", "東京", "東京", "東京", "Zürich"], [2, 3, 1, 1, 1, 2],
        ["Zurich", b"\xff"], [0, 0],
    ),
    "string_lookup of blanks and signs": Case(
        ("string_lookup",),
        [*["a b"] * 4, *["\t"] * 3, *['",-'] * 2, " "], [1, 1, 1, 1, 2, 2, 2, 3, 3, 4],
        ["ab", "  "], [0, 0],
    ),
    "string_lookup of several lines": Case(  # a vocabulary has one category a line
        ("string_lookup",), ["a\nb", "a\rb", "a", "a", "a"], [0, 0, 1, 1, 1], [None], [0],
    ),
    "decode_raw": Case(
        (("decode_raw", {"shape": [2, 2, 3]}),),
        [PIXELS, PIXELS, None, PIXELS, PIXELS],
        [*[np.arange(12).reshape(2, 2, 3)] * 2, np.zeros((2, 2, 3)),
         *[np.arange(12).reshape(2, 2, 3)] * 2],
        [None, PIXELS[:4]], [np.zeros((2, 2, 3)), np.r_[0:4, [0] * 8].reshape(2, 2, 3)],
    ),
    "rescale": Case(
        (("decode_raw", {"shape": [1, 2, 1]}), ("rescale", {"scale": 0.5, "offset": -1.0})),
        [b"\x00\x02", b"\x04\xff", None, b"\x00\x00", b"\x01\x01"],
        np.array([[-1, 0], [1, 126.5], [-1, -1], [-1, -1], [-0.5, -0.5]]).reshape(5, 1, 2, 1),
        [None], np.full((1, 1, 2, 1), -1.0),
    ),
    "max_abs": Case(
        ("max_abs",), [2.0, -8.0, None, 4.0], [0.25, -1, 0, 0.5], [16.0], [2],
    ),
    "robust": Case(  # median 3, quartiles 2 and 4
        ("robust",), [1.0, 2.0, None, 3.0, 4.0, 5.0], [-1, -0.5, 0, 0, 0.5, 1], [9.0], [3],
    ),
    "robust of other percentiles": Case(
        (("robust", {"percent": (0.0, 100.0)}),),
        [1.0, 2.0, None, 3.0, 4.0, 5.0], [-0.5, -0.25, 0, 0, 0.25, 0.5], [None], [0],
    ),
    "piecewise_linear": Case(  # the ranges 0 to 2, 2 to 6; then whether it is missing
        (("piecewise_linear", {"bins": 2}),),
        [0.0, 1.0, None, 2.0, 4.0, 6.0],
        [[0, 0, 0], [0.5, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0.5, 0], [1, 1, 0]],
        [-9.0, 99.0, None], [[0, 0, 0], [1, 1, 0], [0, 0, 1]],
    ),
    "piecewise_linear of a value that repeats": Case(
        (("piecewise_linear", {"bins": 4}),),
        [0.0, 0.0, 0.0, 0.0, 8.0],
        [*[[1, 1, 1, 0, 0]] * 4, [1, 1, 1, 1, 0]],
        [-1.0, 4.0], [[0, 0, 0, 0, 0], [1, 1, 1, 0.5, 0]],
    ),
    "quantile_normal": Case(  # shares of 0, 1/4, 1/2, 3/4 and 1
        ("quantile_normal",),
        [10.0, 20.0, None, 30.0, 400.0, 5000.0],
        [-3.0902323, -0.6744898, 0, 0, 0.6744898, 3.0902323],
        [-1e9, 15.0, 1e9], [-3.0902323, -1.1503494, 3.0902323],
    ),
    "quantile_normal of a constant": Case(
        ("quantile_normal",), [7.0, 7.0, None, 7.0, 7.0], [0] * 5, [9.0], [3.0902323],
    ),
    "power": Case(
        (("power", {"exponent": 0.5}), ("passthrough", {"default": -1.0})),
        [4.0, 9.0, None, -1.0, 0.0], [2, 3, -1, -1, 0], [16.0], [4],
    ),
    "clip": Case(
        (("clip", {"low": 0.0, "high": 10.0}),), [-5.0, 5.0, None, 15.0], [0, 5, 0, 10], [], None,
    ),
    "discretize": Case(
        (("discretize", {"boundaries": (0.0, 0.7, 10.0)}),),
        [-1.0, 0.0, 0.7, None, 9.9, 10.0], [0, 1, 2, 4, 2, 3], [None], [4],
    ),
    "impute_mean": Case(("impute_mean",), [1.0, None, 3.0, 8.0], [1, 4, 3, 8], [None], [4]),
    "impute_median": Case(("impute_median",), [1.0, None, 3.0, 8.0], [1, 3, 3, 8], [None], [3]),
    "impute_median of an even number": Case(
        ("impute_median",), [1.0, None, 3.0], [1, 2, 3], [None], [2],
    ),
    "impute_most_frequent": Case(
        ("impute_most_frequent",), [7.0, 2.0, None, 7.0, 2.0, 3.0], [7, 2, 2, 7, 2, 3], [None], [2],
    ),
    "impute_constant": Case(
        (("impute_constant", {"value": 9.0, "indicator": True}),),
        [1.0, None], [[1, 0], [9, 1]], [None], [[9, 1]],
    ),
    "impute_median, log1p, z_score": Case(
        ("impute_median", "log1p", "z_score"),
        [0.0, None, math.expm1(2), math.expm1(2), math.expm1(4)],
        np.array([-2, 0, 0, 0, 2]) / math.sqrt(8 / RECORDS), [None], [0],
    ),
    "missing": Case(("missing",), [1.0, None, math.inf, 0.0], [0, 1, 1, 0], [None], [1]),
    "polynomial": Case(
        ("polynomial",), [(2.0, 3.0), (1.0, None), (0.0, -1.0)],
        [[2, 3, 4, 6, 9], [1, 0, 1, 0, 0], [0, -1, 0, 0, 1]], [(1.0, 1.0)], [[1] * 5],
    ),
    "polynomial of interactions": Case(
        (("polynomial", {"degree": 3, "interaction_only": True}),),
        [(2.0, 3.0, 5.0)], [[2, 3, 5, 6, 10, 15, 30]], [], None,
    ),
    "z_score of several features": Case(
        ("z_score",), [(1.0, 10.0), (3.0, None), (2.0, 30.0)],
        [[-math.sqrt(1.5), -1], [math.sqrt(1.5), 0], [0, 1]], [(2.0, 20.0)], [[0, 0]],
    ),
    "random_fourier": Case(
        (("random_fourier", {"components": 3}),), [(0.0, 1.0), (None, 1.0)], None,
        [(0.0, 1.0)], None,
    ),
    "ratio": Case(
        ("ratio", ("passthrough", {"default": -1.0})),
        [(6.0, 3.0), (1.0, 0.0), (0.0, 0.0), (None, 2.0), (2.0, None)], [2, -1, -1, -1, -1],
        [(1.0, 4.0)], [0.25],
    ),
    "difference": Case(
        ("difference",), [(6.0, 3.5), (1.0, None)], [2.5, 0], [(1.0, 4.0)], [-3],
    ),
    "expression": Case(
        (("expression", {"formula": "log1p(b) * -a + where(a > 2, 10, 0) ** 2"}),),
        [(0.0, 1.0), (math.e - 1, 3.0), (math.e - 1, 2.0), (None, 1.0)], [0, 97, -2, 0],
        [(0.0, 5.0)], [100], ("b", "a"),
    ),
    "cross": Case(
        (("cross", {"bins": 1000}), ),
        [("a", "b"), ("a", "b"), ("b", "a"), (None, "b")], None, [(None, None)], None,
    ),
    "cross_buckets": Case(  # the medians are 2.5 and 25
        (("cross_buckets", {"buckets": 2}),),
        [(1.0, 40.0), (2.0, 30.0), (3.0, 20.0), (4.0, 10.0)], [1, 1, 3, 3],
        [(None, None), (None, 1.0), (9.0, 99.0)], [8, 6, 4],
    ),
    "pca": Case(  # all on a line of the slope 3/4
        (("pca", {"components": 1}),),
        [(4.0, 3.0), (8.0, 6.0), (12.0, 9.0), (None, 6.0)], [[-5], [0], [5], [0]],
        [(20.0, 15.0)], [[15]],
    ),
    "pca whitened": Case(
        (("pca", {"components": 1, "whiten": True}),),
        [(4.0, 3.0), (8.0, 6.0), (12.0, 9.0)], [[-1], [0], [1]], [(None, None)], [[0]],
    ),
    "string_lookup with a mask": Case(
        (("string_lookup", {"mask_token": "none", "oov_buckets": 2}),),
        ["b", "none", "a", "b", None], [3, 0, 4, 3, 0], [None], [0],
    ),
    "string_lookup of a given vocabulary": Case(
        (("string_lookup", {"vocabulary": ("x", "y")}),), ["y", "x", "z", None], [2, 1, 0, 0],
        ["y"], [2],
    ),
    "integer_lookup": Case(
        (("integer_lookup", {"oov_buckets": 2, "mask_token": -1}),),
        [10, 9, 10, 9, 10, 7, -1, None], [3, 4, 3, 4, 3, 5, 0, 0], [8, 11, None], [1, 2, 0],
    ),
    "integer_lookup of equally frequent ones": Case(
        ("integer_lookup",), [9, 10, -3], [2, 1, 3], [5], [0],
    ),
    "hashing": Case(
        (("hashing", {"bins": 8, "mask_missing": True}),), ["a", None], None, [None], [0],
    ),
    "ordinal": Case(
        (("ordinal", {"order": ("low", "mid", "high")}),),
        ["high", "low", None, "mid", "top"], [2, 0, 3, 1, 3], [None], [3],
    ),
    "frequency": Case(
        ("frequency",), ["a", "b", "a", None, "a"], [0.75, 0.25, 0.75, 0, 0.75], ["c"], [0],
    ),
    "frequency as a number": Case(
        (("frequency", {"normalize": False}),), ["a", "b", "a"], [2, 1, 2], ["c"], [0],
    ),
    "multi_hot": Case(
        ("multi_hot",), [["a", "b", "b"], None, ["b"]], [[1, 1], [0, 0], [1, 0]],
        [["c", "a", "a"]], [[0, 1]],
    ),
    "count": Case(
        ("count",), [["a", "b", "b"], None, ["b"]], [[2, 1], [0, 0], [1, 0]],
        [["a", "a"]], [[0, 2]],
    ),
    "count of integers": Case(("count",), [[1, 2, 2], [2]], [[2, 1], [1, 0]], [None], [[0, 0]]),
    "tf_idf": Case(  # "b" is in 2 records, "a" in 1
        (("tf_idf", {"norm": "none"}),),
        [["a", "b", "b"], None, ["b"]],
        np.array([[2, 1], [0, 0], [1, 0]]) * (np.log((1 + RECORDS) / np.array([3, 2])) + 1),
        [["c"]], [[0, 0]],
    ),
    "standardize": Case(
        (("standardize", {"strip_html": True, "pattern": "[0-9]+", "replacement": "#"}),
         ("string_lookup", {"vocabulary": ("a b", "über #")})),
        ["A<br/>B!", "Über 123"], [1, 0], [None], [0],
    ),
    "split": Case(
        (("split", {"pattern": ",|;"}), ("token_ids", {"length": 3})),
        ["a,b;;c", "b;b", None], [[4, 2, 3], [2, 2, 0], [0, 0, 0]], ["x,b"], [[1, 2, 0]],
    ),
    "split into characters": Case(
        (("split", {"by": "character"}), "count"),
        ["東京東", "é"], [[2, 1, 0], [0, 0, 1]], [None], [[0, 0, 0]],
    ),
    "ngrams": Case(
        ("split", ("ngrams", {"sizes": (2,)}), "count"),
        ["a b c", "a b", "a"], [[1, 1], [1, 0], [0, 0]], ["b c"], [[0, 1]],
    ),
    "token_ids": Case(
        ("split", ("token_ids", {"length": 4, "start": True, "end": True})),
        ["a b b c", "b", None], [[5, 4, 2, 6], [5, 2, 6, 0], [5, 6, 0, 0]],
        ["x"], [[5, 1, 6, 0]],
    ),
    "text_vectorization": Case(
        ("text_vectorization",), ["The cat, the DOG", "the dog!", None],
        [[2, 4, 2, 3], [2, 3, 0, 0], [0, 0, 0, 0]], ["the the the the the bird"], [[2] * 4],
    ),
    "text_vectorization of pairs": Case(
        (("text_vectorization", {"length": 3, "ngram_sizes": (1, 2)}),), ["a b", "a b c"],
        [[4, 2, 3], [4, 2, 5]], ["b"], [[2, 0, 0]],
    ),
    "bag_of_words": Case(
        ("bag_of_words",), ["The cat, the DOG", "the dog!", None],
        [[2, 1, 1], [1, 1, 0], [0, 0, 0]], ["a cat"], [[0, 0, 1]],
    ),
    "text": Case(
        ("text",), ["A text.", "", "東京", None], [b"A text.", b"", "東京".encode(), b""],
        ["<br/>", None], [b"<br/>", b""],
    ),
    "decode_image": Case(
        (("decode_image", {"size": (1, 2), "channels": 1, "method": "nearest"}),),
        [PNG, None], [[[[7], [9]]], [[[0], [0]]]], [None], [[[[0], [0]]]],
    ),
    "resize": Case(
        (RAW_2_2, ("resize", {"size": (1, 1)})),
        [bytes([0, 10, 20, 30])], [[[[15]]]], [None], [[[[0]]]],
    ),
    "center_crop": Case(
        (("decode_raw", {"shape": (1, 4, 1)}), ("center_crop", {"size": (1, 2)})),
        [bytes([1, 2, 3, 4])], [[[[2], [3]]]], [None], [[[[0], [0]]]],
    ),
    "grey": Case(
        (("decode_raw", {"shape": (1, 1, 3)}), "grey"),
        [bytes([100, 200, 50])], [[[[0.2989 * 100 + 0.587 * 200 + 0.114 * 50]]]], [None], [[[[0]]]],
    ),
    "standardize_channels": Case(
        (("decode_raw", {"shape": (1, 2, 2)}), "standardize_channels"),
        [bytes([1, 10, 3, 30])] * RECORDS, [[[[-1, -1], [1, 1]]]] * RECORDS,
        [bytes([2, 40, 2, 20])], [[[[0, 2], [0, 0]]]],
    ),
    "standardize_image": Case(
        (RAW_2_2, "standardize_image"),
        [bytes([1, 1, 3, 3])], [[[[-1], [-1]], [[1], [1]]]], [None], np.zeros((1, 2, 2, 1)),
    ),
    "differences": Case(
        (("differences", {"lag": 2}), ("pad", {"length": 3})),
        [[1.0, 2.0, 4.0, 7.0], [1.0, 2.0], None], [[3, 5, 0], [0, 0, 0], [0, 0, 0]],
        [[5.0, 0.0, 1.0]], [[-4, 0, 0]],
    ),
    "scale_series": Case(
        ("scale_series", ("pad", {"length": 3})),
        [[1.0, 3.0], [5.0, 5.0, 5.0], None], [[-1, 1, 0], [0, 0, 0], [0, 0, 0]],
        [[10.0, math.nan, 30.0]], [[-1, 0, 1]],
    ),
    "z_score_steps": Case(
        ("z_score_steps", ("pad", {"length": 2})), [[1.0, 3.0], [3.0], [1.0]],
        [[-1, 1], [1, 0], [-1, 0]], [[2.0]], [[0, 0]],
    ),
    "pad": Case(
        (("pad", {"length": 3, "side": "start", "value": -1.0}),),
        [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0], None], [[-1, 1, 2], [2, 3, 4], [-1, -1, -1]],
        [[math.nan]], [[-1, -1, -1]],
    ),
    "pad at the end": Case(
        (("pad", {"length": 3}),), [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]], [[1, 2, 0], [1, 2, 3]],
        [None], [[0, 0, 0]],
    ),
    "mask": Case(
        (("mask", {"length": 3}),), [[1.0, math.nan], None], [[1, 0, 0], [0, 0, 0]], [None],
        [[0, 0, 0]],
    ),
    "future": Case(
        (("future", {"length": 3}),), [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]], [[1, 2, 0], [1, 2, 3]],
        [None], [[0, 0, 0]],
    ),
    "window": Case(
        (("window", {"length": 2, "horizon": 1}),),
        [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0], [1.0], None], [[2, 3], [0, 1], [0, 0], [0, 0]],
        [[7.0, 8.0, 9.0]], [[7, 8]],
    ),
    "last": Case(("last",), [[1.0, 2.0], [3.0], None], [2, 3, 0], [[4.0, 5.0]], [5]),
    "z_score of a vector": Case(  # column by column
        ("z_score",), [[1.0, 10.0], [3.0, 30.0], None], [[-1, -1], [1, 1], [0, 0]],
        [[2.0, 40.0]], [[0, 2]],
    ),
    "min_max of a vector of integers": Case(
        ("min_max",), [[1, 10], [3, 30], None], [[0, 0], [1, 1], [0.5, 0.5]],
        [[2, 40]], [[0.5, 1.5]],
    ),
    "z_score of a vector beside a number": Case(
        ("z_score",), [([1.0, 10.0], 5.0), ([3.0, 30.0], 7.0)], [[-1, -1, -1], [1, 1, 1]],
        [(None, 6.0)], [[0, 0, 0]],
    ),
    "pca of a vector": Case(
        (("pca", {"components": 1}),), [[1.0, 1.0], [3.0, 3.0]],
        [[-math.sqrt(2)], [math.sqrt(2)]], [[2.0, 2.0], None], [[0], [0]],
    ),
    "reshape": Case(
        (("reshape", {"shape": (2, 2, 1)}), "rescale"),
        [[0.0, 255.0, 51.0, 0.0], None],
        [[[[0], [1]], [[0.2], [0]]], [[[0], [0]], [[0], [0]]]],
        [None], [[[[0], [0]], [[0], [0]]]],
    ),
    "difference of times": Case(  # 90 s, which 32 bits take for 128
        ("difference",), [(1_700_000_090, 1_700_000_000), (5, 2)], [90, 3],
        [(1_700_000_001_000, 1_700_000_000_999)], [1],
    ),
    "bucketize of times": Case(
        (("bucketize", {"buckets": 2}),), [1_700_000_000, 1_700_000_001, 1_700_000_002],
        [0, 1, 1], [1_700_000_000, 1_700_000_003], [0, 1],
    ),
    "differences of times": Case(
        ("differences", ("pad", {"length": 2})), [[1_700_000_000, 1_700_000_001, 1_700_000_091]],
        None, [[1_700_000_000, 1_700_000_001, 1_700_000_091]], [[1, 90]],
    ),
    "integer_lookup of long ids": Case(
        ("integer_lookup",),
        [1234567890123456789, 1234567890123456789, -1234567890123456788], None,
        [1234567890123456789, -1234567890123456788, 1234567890123456780, None], [1, 2, 0, 0],
    ),
    "integer_lookup of texts": Case(
        (("integer_lookup", {"oov_buckets": 7}),), ["+7", "007", "-0"], [7, 7, 8],
        ["7", "x", "-16", "1234567890123456789012", "30"], [7, 0, 5, 0, 2],
    ),
    "one_hot of NaN and infinity": Case(
        ("one_hot",), [math.nan, math.inf, 2.5, 2.5], [[0], [0], [1], [1]], [None], [[0]],
    ),
    "datetime": Case(
        (("datetime", {"parts": ("year", "month", "weekday", "hour"), "cyclic": False}),),
        ["2024-02-29T23:05:00Z", "2024-02-31", "1 May", None],
        [[2024, 2, 3, 23], [0] * 4, [0] * 4, [0] * 4],
        ["1969-12-31 23:59:59", "2000-01-01"], [[1969, 12, 2, 23], [2000, 1, 5, 0]],
    ),
    "datetime of a zone": Case(  # summer time begins at 1 o'clock UTC
        (("datetime", {"parts": ("hour",), "zone": "Europe/Berlin", "cyclic": False}),),
        [1_711_846_799, 1_711_846_800, None], [1, 3, 0],
        [0], [1],
    ),
    "datetime of nanoseconds, on a circle": Case(
        (("datetime", {"parts": ("hour", "since"), "unit": "ns", "since": "2024-01-01"}),),
        [1_704_088_800_000_000_000, None], [[1, 0, 0.25], [0, 0, 0]],
        [-1], [[-math.sin(math.pi / 12), math.cos(math.pi / 12), -19723 - 1 / 86400]],
    ),
    "steps": Case(("steps",), [[1.0, 2.0], [3.0], None], [2, 1, 0], [None], [0]),
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_transform_has_a_case(name: str) -> None:
    assert name in CASES


Apply = Callable[[str, list[Any]], np.ndarray]


@pytest.fixture(scope="module")
def graph(analyze, feature):
    """One graph of all cases, each a feature."""
    columns: dict[str, list[Any]] = {}
    features = []
    for title, case in CASES.items():
        columns |= case.columns(slug(title), case.train)
        features.append(feature(slug(title), case.steps, case.raw(slug(title))))
    return analyze(columns, features)


@pytest.fixture(scope="module")
def apply(graph) -> Apply:
    """Applies the graph to values of one case."""
    return lambda title, values: graph(CASES[title].columns(slug(title), values))[slug(title)]


def is_defined(title: str, x: np.ndarray) -> bool:
    """Returns whether there is no infinity, and no NaN but where it is to stay; strings have none.

    Args:
        title: Of the case.
        x: What becomes of its values.
    """
    if title.endswith("keep_missing"):
        return not np.isinf(x).any()
    return x.dtype == object or bool(np.isfinite(x).all())


def slug(title: str) -> str:
    return title.replace(" ", "_").replace(",", "")


@pytest.mark.parametrize("title", CASES)
def test_transform_has_exact_values(apply: Apply, title: str) -> None:
    case = CASES[title]
    for values, expected in ((case.train, case.expected), (case.other, case.other_expected)):
        if expected is not None:
            found = apply(title, values)
            if found.dtype == object:
                assert found.tolist() == expected
            else:
                np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("title", CASES)
def test_transform_of_a_record_without_the_feature_is_finite(apply: Apply, title: str) -> None:
    assert is_defined(title, apply(title, [(None,) * len(CASES[title].raw(""))]))


@pytest.mark.parametrize("title", ["z_score of nothing", "bucketize of nothing"])
def test_transform_that_has_seen_no_value_is_finite(apply: Apply, title: str) -> None:
    assert np.all(np.isfinite(apply(title, [1.0])))


FLOATS = st.floats(width=32) | st.sampled_from([3.4e38, -3.4e38, 1e-45, -0.0])
INTEGERS = st.integers(-(2**63), 2**63 - 1)
STRINGS = st.text(max_size=20) | st.binary(max_size=20) | st.just("long " * 500)
VALUES = {float: FLOATS, int: INTEGERS, str: STRINGS, bytes: STRINGS}


def values_like(value: Any, any_length: bool) -> st.SearchStrategy[Any]:
    """Returns any values of the type of one that was analyzed, a missing one among them."""
    if isinstance(value, list):
        kind = VALUES[type(value[0])]
        shortest, longest = (1, 5) if any_length else (len(value), len(value))
        return st.none() | st.lists(kind, min_size=shortest, max_size=longest)
    return st.none() | VALUES[type(value)]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), count=st.integers(1, 3))
def test_any_record_gives_finite_tensors_of_the_declared_shape(
    graph, feature, data, count: int
) -> None:
    kinds: dict[str, Any] = {}
    columns: dict[str, list[Any]] = {}
    for title, case in CASES.items():
        if title == "decode_image":  # bytes that are no image are an error: see below
            continue
        for key, analyzed in case.columns(slug(title), case.train).items():
            example = next((value for value in analyzed if value is not None), 0.0)
            any_length = taken(feature(key, case.steps)) != "vector"
            is_list = isinstance(example, list)
            length = 0 if any_length or not is_list else len(example)
            kind = repr((type(example), type(example[0]) if is_list else None, length))
            if kind not in kinds:
                like = values_like(example, any_length)
                kinds[kind] = data.draw(st.lists(like, min_size=count, max_size=count), kind)
            columns[key] = kinds[kind]
    declared = graph({})
    for name, tensor in graph(columns).items():
        if name not in ("label", TARGET):  # a label may be missing
            assert tensor.dtype == declared[name].dtype, name
            assert tensor.shape == (count, *declared[name].shape[1:]), name
            assert is_defined(name, tensor), name
            assert tensor.dtype.kind in "fO" or tensor.min() >= 0, name


def test_bytes_that_are_no_image_are_an_error_that_says_so(apply: Apply) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="image"):
        apply("decode_image", [b"no image"])


def test_unknown_categories_share_several_buckets_by_their_hash(analyze, feature) -> None:
    lookup = feature("x", [("string_lookup", {"oov_buckets": 3})])
    graph = analyze({"x": ["a", "a", "b"]}, [lookup])
    unknown = graph({"x": [f"unknown {number}" for number in range(50)]})["x"]
    assert set(unknown.tolist()) == {0, 1, 2}


def test_vocabulary_of_100_000_categories(analyze, feature) -> None:
    values = [f"category {number}" for number in range(100_000)]
    graph = analyze({"x": values}, [feature("x", ["string_lookup"])])
    assert np.array_equal(np.sort(graph({"x": values})["x"]), np.arange(1, 100_001))
    assert graph({"x": ["unknown", None]})["x"].tolist() == [0, 0]
