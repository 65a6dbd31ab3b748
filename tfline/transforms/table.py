"""The transforms that a spec can name.

Which go before and after which in a chain follows from their signatures: see
`tfline.transforms.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfline.transforms import (
    categorical,
    combine,
    image,
    kernel,
    numeric,
    quantiles,
    sequence,
    text,
    times,
)
from tfline.transforms.dotted import find_function
from tfline.transforms.features import FeatureSpec
from tfline.transforms.kinds import GAPPED, kinds_of

Transform = Callable[..., Any]

FAMILIES: dict[str, dict[str, Transform]] = {
    "numbers": {
        "passthrough": numeric.passthrough,
        "keep_missing": numeric.keep_missing,
        "z_score": numeric.z_score,
        "min_max": numeric.min_max,
        "max_abs": numeric.max_abs,
        "robust": numeric.robust,
        "log1p": numeric.log1p,
        "power": numeric.power,
        "clip": numeric.clip,
        "bucketize": numeric.bucketize,
        "discretize": numeric.discretize,
        "impute_mean": numeric.impute_mean,
        "impute_median": numeric.impute_median,
        "impute_most_frequent": numeric.impute_most_frequent,
        "impute_constant": numeric.impute_constant,
        "missing": numeric.missing,
        "polynomial": numeric.polynomial,
        "piecewise_linear": quantiles.piecewise_linear,
        "quantile_normal": quantiles.quantile_normal,
        "random_fourier": kernel.random_fourier,
    },
    "times": {
        "datetime": times.datetime,
    },
    "several features": {
        "ratio": combine.ratio,
        "difference": combine.difference,
        "expression": combine.expression,
        "cross": combine.cross,
        "cross_buckets": numeric.cross_buckets,
        "pca": combine.pca,
    },
    "categories": {
        "string_lookup": categorical.string_lookup,
        "integer_lookup": categorical.integer_lookup,
        "hashing": categorical.hashing,
        "ordinal": categorical.ordinal,
        "frequency": categorical.frequency,
        "one_hot": categorical.one_hot,
        "multi_hot": categorical.multi_hot,
        "count": categorical.count,
        "tf_idf": categorical.tf_idf,
    },
    "text": {
        "standardize": text.standardize,
        "split": text.split,
        "ngrams": text.ngrams,
        "token_ids": text.token_ids,
        "text_vectorization": text.text_vectorization,
        "bag_of_words": text.bag_of_words,
        "text": text.text,
    },
    "images": {
        "decode_raw": image.decode_raw,
        "decode_image": image.decode_image,
        "reshape": image.reshape,
        "resize": image.resize,
        "center_crop": image.center_crop,
        "grey": image.grey,
        "rescale": image.rescale,
        "standardize_channels": image.standardize_channels,
        "standardize_image": image.standardize_image,
    },
    "sequences": {
        "differences": sequence.differences,
        "scale_series": sequence.scale_series,
        "z_score_steps": sequence.z_score_steps,
        "window": sequence.window,
        "pad": sequence.pad,
        "future": sequence.future,
        "mask": sequence.mask,
        "last": sequence.last,
        "steps": sequence.steps,
    },
}
"""The transforms by what they are of."""

TRANSFORMS: dict[str, Transform] = {
    name: transform for family in FAMILIES.values() for name, transform in family.items()
}

SEVERAL: dict[str, tuple[int, int]] = {
    "ratio": (2, 2),
    "difference": (2, 2),
    "cross": (2, 8),
    "cross_buckets": (2, 4),
    "pca": (1, 1000),
}
"""Transforms that begin with several raw features, and how few and how many they take."""


def resolve(name: str) -> Transform:
    """Returns the transform called `name`.

    Args:
        name: A name of `TRANSFORMS`, or the dotted path of the user's own function, which takes
            string [batch] or float32 [batch] as the raw feature is ([batch, n] if each record has
            n numbers), and keyword arguments.

    Raises:
        SpecError: There is no such transform.
    """
    return find_function(name, TRANSFORMS, "transform", ("values",))


def is_gapped(feature: FeatureSpec) -> bool:
    """Tells whether the missing values of a feature reach the model as NaN."""
    return kinds_of(resolve(feature.steps[-1].transform)).gives == GAPPED


def holds_steps(feature: FeatureSpec) -> bool:
    """Tells whether the numbers of a feature may be the steps of a series, one after the other.

    Those that stand for categories, words, parts of a time or components are in no order.
    """
    return not any(
        step.transform in _COLUMNS or kinds_of(resolve(step.transform)).takes in _OF_NO_ORDER
        for step in feature.steps
    )


def is_known_ahead(feature: FeatureSpec) -> bool:
    """Tells whether a feature holds what is known in advance of the steps that are forecast."""
    return feature.steps[-1].transform == "future"


_OF_NO_ORDER = ("Strings", "Tokens", "Times")

_COLUMNS = ("pca", "piecewise_linear", "polynomial", "random_fourier")
"""What makes columns of numbers that are no steps."""
