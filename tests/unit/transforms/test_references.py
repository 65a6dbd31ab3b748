"""Transforms against scikit-learn and Keras, on the same 400 rows."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image
from sklearn import decomposition, impute, kernel_approximation, preprocessing
from sklearn.feature_extraction import text

from tfline.transforms.table import TRANSFORMS

ROWS = 400
ORDER = ("small", "medium", "large")
BOUNDARIES = (-1.0, 0.7, 2.0)


def make_rows() -> dict[str, list[Any]]:
    """Returns raw features: with and without missing values, of all types."""
    rng = np.random.default_rng(11)
    words = [f"w{n}" for n in range(30)] + ["Don't", "über", "END."]
    number = rng.normal(3, 2, ROWS).astype(np.float32)
    skewed = rng.lognormal(2, 1, ROWS).astype(np.float32)
    whole = rng.integers(-4, 5, ROWS)
    words_of = [
        [words[i] for i in rng.zipf(1.4, rng.integers(1, 9)) % len(words)] for _ in range(ROWS)
    ]
    gaps = rng.random(ROWS) < 0.2
    pixels = rng.integers(0, 256, (ROWS, 8, 6, 3), dtype=np.uint8)
    return {
        "number": number.tolist(),
        "skewed": skewed.tolist(),
        "gappy": [None if gap else float(v) for gap, v in zip(gaps, number, strict=True)],
        "rounded": [None if gap else float(v) for gap, v in zip(gaps, whole, strict=True)],
        "whole": whole.tolist(),
        "city": [f"city {n}" for n in rng.zipf(1.6, ROWS) % 17],
        "size": [ORDER[n] if n < 3 else "other" for n in rng.integers(0, 4, ROWS)],
        "words": words_of,
        "text": [" ".join(tokens) for tokens in words_of],
        "series": [rng.normal(size=rng.integers(1, 7)).tolist() for _ in range(ROWS)],
        "image": [image.tobytes() for image in pixels],
        "epoch": rng.integers(0, 2**31, ROWS).tolist(),  # pandas knows no summer time after 2037
        "local": [
            pd.Timestamp(int(s), unit="s").isoformat() for s in rng.integers(0, 4 * 10**9, ROWS)
        ],
        "vector": rng.normal(5, 3, (ROWS, 12)).astype(np.float32).tolist(),
        "png": [tf.io.encode_png(image).numpy() for image in pixels],
    }


RAW = make_rows()


def numbers(*keys: str) -> np.ndarray:
    """Returns float32 [rows, keys]; NaN where a value is missing."""
    return np.array([RAW[key] for key in keys], np.float32).T


def images() -> np.ndarray:
    """Returns float32 [rows, 8, 6, 3]."""
    return np.array([np.frombuffer(x, np.uint8) for x in RAW["image"]], np.float32).reshape(
        -1, 8, 6, 3
    )


def by_frequency(terms: list[str]) -> list[str]:
    """Returns the terms, the most frequent first, the greater of equally frequent ones."""
    counts = Counter(terms)
    return sorted(counts, key=lambda term: (counts[term], term.encode()), reverse=True)


def scaled(scaler: Any, key: str, missing: float = 0.0) -> np.ndarray:
    """Returns what a scaler of scikit-learn makes of a column."""
    result = scaler.fit_transform(numbers(key).astype(np.float64))[:, 0]
    return np.where(np.isnan(result), missing, result)


def bins(key: str, count: int) -> np.ndarray:
    """Returns the quantile bins of scikit-learn."""
    discretizer = preprocessing.KBinsDiscretizer(
        count, encode="ordinal", strategy="quantile", subsample=None
    )
    return discretizer.fit_transform(numbers(key).astype(np.float64))[:, 0]


def pieces(key: str, count: int) -> np.ndarray:
    """Returns how far a number is through each range between quantiles, and where it is missing."""
    x = numbers(key).astype(np.float64)
    edges = np.nanquantile(x, np.linspace(0, 1, count + 1))
    columns = [np.interp(x[:, 0], [low, high], [0, 1]) for low, high in itertools.pairwise(edges)]
    return np.column_stack([np.nan_to_num(np.array(columns).T), np.isnan(x[:, 0])])


def counted(vectorizer: Any) -> np.ndarray:
    """Returns what a vectorizer of scikit-learn makes of the texts, our columns first to last."""
    matrix = vectorizer.fit_transform(RAW["text"]).toarray()
    vocabulary = by_frequency([word for words in RAW["words"] for word in words])
    return matrix[:, [vectorizer.vocabulary_[word] for word in vocabulary]]


def adapted(layer: keras.Layer, values: Any) -> np.ndarray:
    """Returns what a layer of Keras makes of the values that it has been adapted to."""
    layer.adapt(values)
    return np.asarray(layer(values))


def padded(rows: Iterable[Any], length: int, side: str = "post") -> np.ndarray:
    """Returns series of the same length, float32 [rows, length]."""
    return keras.utils.pad_sequences(list(rows), length, "float32", side, side)


def all_steps() -> preprocessing.StandardScaler:
    """Returns a scaler that has seen the steps of all series."""
    return preprocessing.StandardScaler().fit(np.concatenate(RAW["series"])[:, np.newaxis])


PARTS = ("year", "month", "day", "yearday", "weekday", "hour", "minute")


def shown(times: pd.DatetimeIndex) -> np.ndarray:
    """Returns what pandas says of the parts of points in time, [rows, parts]."""
    names = {"yearday": "dayofyear"}
    return np.column_stack([getattr(times, names.get(part, part)) for part in PARTS])


def on_circle(turns: np.ndarray) -> np.ndarray:
    """Returns sine and cosine of parts of a turn, [rows, 2]."""
    return np.column_stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)])


class Reference(NamedTuple):
    """A chain over raw features, and what another library makes of them.

    Attributes:
        source: The other library's name for it.
        keys: The raw features.
        steps: The chain.
        compute: Returns the expected values.
    """

    source: str
    keys: tuple[str, ...]
    steps: tuple[Any, ...]
    compute: Callable[[], Any]


WORDS = {"token_pattern": r"\S+", "lowercase": False}
RAW_IMAGE = ("decode_raw", {"shape": (8, 6, 3)})

REFERENCES = {
    "z_score": Reference(
        "sklearn StandardScaler", ("gappy",), ("z_score",),
        lambda: scaled(preprocessing.StandardScaler(), "gappy"),
    ),
    "z_score, Keras": Reference(
        "keras Normalization", ("number",), ("z_score",),
        lambda: adapted(layers.Normalization(axis=None), numbers("number"))[:, 0],
    ),
    "min_max": Reference(
        "sklearn MinMaxScaler", ("gappy",), ("min_max",),
        lambda: scaled(preprocessing.MinMaxScaler(), "gappy", missing=0.5),
    ),
    "max_abs": Reference(
        "sklearn MaxAbsScaler", ("gappy",), ("max_abs",),
        lambda: scaled(preprocessing.MaxAbsScaler(), "gappy"),
    ),
    "quantile_normal": Reference(
        "sklearn QuantileTransformer", ("gappy",), ("quantile_normal",),
        lambda: scaled(preprocessing.QuantileTransformer(
            n_quantiles=101, output_distribution="normal", subsample=None
        ), "gappy").clip(-3.0902323, 3.0902323),
    ),
    "piecewise_linear": Reference(
        "numpy", ("gappy",), (("piecewise_linear", {"bins": 8}),), lambda: pieces("gappy", 8)
    ),
    "robust": Reference(
        "sklearn RobustScaler", ("gappy",), ("robust",),
        lambda: scaled(preprocessing.RobustScaler(), "gappy"),
    ),
    "robust, 5 % to 95 %": Reference(
        "sklearn RobustScaler", ("skewed",), (("robust", {"percent": (5.0, 95.0)}),),
        lambda: scaled(preprocessing.RobustScaler(quantile_range=(5, 95)), "skewed"),
    ),
    "passthrough": Reference(
        "numpy", ("number",), ("passthrough",), lambda: numbers("number")[:, 0]
    ),
    "keep_missing": Reference(
        "numpy", ("gappy",), ("keep_missing",), lambda: numbers("gappy")[:, 0]
    ),
    "clip": Reference(
        "numpy clip", ("number",), (("clip", {"low": 1.0, "high": 4.5}),),
        lambda: np.clip(numbers("number")[:, 0], 1.0, 4.5),
    ),
    "missing": Reference(
        "sklearn MissingIndicator", ("gappy",), ("missing",),
        lambda: impute.MissingIndicator().fit_transform(numbers("gappy"))[:, 0],
    ),
    "log1p": Reference("numpy log1p", ("skewed",), ("log1p",), lambda: np.log1p(RAW["skewed"])),
    "power": Reference(
        "numpy power", ("skewed",), (("power", {"exponent": 1.5}),),
        lambda: np.power(numbers("skewed")[:, 0].astype(np.float64), 1.5),
    ),
    "bucketize": Reference(
        "sklearn KBinsDiscretizer", ("skewed",), (("bucketize", {"buckets": 8}),),
        lambda: bins("skewed", 8),
    ),
    "discretize": Reference(
        "keras Discretization", ("number",), (("discretize", {"boundaries": BOUNDARIES}),),
        lambda: layers.Discretization(list(BOUNDARIES))(numbers("number")[:, 0]),
    ),
    "impute_mean": Reference(
        "sklearn SimpleImputer", ("gappy",), (("impute_mean", {"indicator": True}),),
        lambda: impute.SimpleImputer(add_indicator=True).fit_transform(numbers("gappy")),
    ),
    "impute_median": Reference(
        "sklearn SimpleImputer", ("gappy",), ("impute_median",),
        lambda: impute.SimpleImputer(strategy="median").fit_transform(numbers("gappy"))[:, 0],
    ),
    "impute_most_frequent": Reference(
        "sklearn SimpleImputer", ("rounded",), ("impute_most_frequent",),
        lambda: impute.SimpleImputer(strategy="most_frequent").fit_transform(numbers("rounded"))[
            :, 0
        ],
    ),
    "impute_constant": Reference(
        "sklearn SimpleImputer", ("gappy",), (("impute_constant", {"value": -7.0}),),
        lambda: impute.SimpleImputer(strategy="constant", fill_value=-7.0).fit_transform(
            numbers("gappy")
        )[:, 0],
    ),
    "polynomial": Reference(
        "sklearn PolynomialFeatures", ("number", "skewed", "whole"),
        (("polynomial", {"degree": 3}),),
        lambda: preprocessing.PolynomialFeatures(3, include_bias=False).fit_transform(
            numbers("number", "skewed", "whole").astype(np.float64)
        ),
    ),
    "z_score of a vector": Reference(
        "sklearn StandardScaler", ("vector",), ("z_score",),
        lambda: preprocessing.StandardScaler().fit_transform(RAW["vector"]),
    ),
    "datetime of integers": Reference(
        "pandas", ("epoch",),
        (("datetime", {"parts": PARTS, "cyclic": False, "zone": "America/New_York"}),),
        lambda: shown(pd.to_datetime(RAW["epoch"], unit="s", utc=True).tz_convert(
            "America/New_York"
        )),
    ),
    "datetime of texts": Reference(
        "pandas", ("local",), (("datetime", {"parts": PARTS, "cyclic": False}),),
        lambda: shown(pd.to_datetime(RAW["local"])),
    ),
    "datetime": Reference(
        "pandas, on a circle", ("local",), (("datetime", {"parts": ("hour",)}),),
        lambda: on_circle(shown(pd.to_datetime(RAW["local"]))[:, 5] / 24),
    ),
    "pca of a vector": Reference(
        "sklearn PCA", ("vector",), (("pca", {"components": 3}),),
        lambda: decomposition.PCA(3).fit_transform(RAW["vector"]),
    ),
    "random_fourier": Reference(
        "sklearn RBFSampler", ("number", "skewed", "whole"),
        ("z_score", ("random_fourier", {"components": 20, "gamma": 0.5, "seed": 7})),
        lambda: kernel_approximation.RBFSampler(
            gamma=0.5, n_components=20, random_state=7
        ).fit_transform(
            preprocessing.StandardScaler().fit_transform(numbers("number", "skewed", "whole"))
        ),
    ),
    "reshape": Reference(
        "keras Reshape", ("vector",), (("reshape", {"shape": (2, 3, 2)}),),
        lambda: layers.Reshape((2, 3, 2))(np.array(RAW["vector"], np.float32)),
    ),
    "pca": Reference(
        "sklearn PCA", ("number", "skewed", "whole"), (("pca", {"components": 2}),),
        lambda: decomposition.PCA(2).fit_transform(
            numbers("number", "skewed", "whole").astype(np.float64)
        ),
    ),
    "pca, whitened": Reference(
        "sklearn PCA", ("number", "skewed", "whole"),
        (("pca", {"components": 3, "whiten": True}),),
        lambda: decomposition.PCA(3, whiten=True).fit_transform(
            numbers("number", "skewed", "whole").astype(np.float64)
        ),
    ),
    "ratio": Reference(
        "numpy divide", ("skewed", "number"), ("ratio",),
        lambda: np.divide(*numbers("skewed", "number").astype(np.float64).T),
    ),
    "difference": Reference(
        "numpy subtract", ("skewed", "number"), ("difference",),
        lambda: np.subtract(*numbers("skewed", "number").astype(np.float64).T),
    ),
    "expression": Reference(
        "numpy", ("skewed", "number"),
        (("expression", {"formula": "log(skewed) * max(number, 1) - number ** 2"}),),
        lambda: np.log(numbers("skewed")[:, 0].astype(np.float64))
        * np.maximum(numbers("number")[:, 0].astype(np.float64), 1)
        - numbers("number")[:, 0].astype(np.float64) ** 2,
    ),
    "cross_buckets": Reference(
        "sklearn KBinsDiscretizer", ("number", "skewed"), (("cross_buckets", {"buckets": 4}),),
        lambda: bins("number", 4) * 5 + bins("skewed", 4),
    ),
    "cross": Reference(
        "keras HashedCrossing", ("city", "size"), (("cross", {"bins": 50}),),
        lambda: layers.HashedCrossing(50)((tf.constant(RAW["city"]), tf.constant(RAW["size"]))),
    ),
    "string_lookup": Reference(
        "keras StringLookup", ("city",), (("string_lookup", {"top_k": 8, "oov_buckets": 3}),),
        lambda: adapted(
            layers.StringLookup(max_tokens=11, num_oov_indices=3), tf.constant(RAW["city"])
        ),
    ),
    "string_lookup, mask": Reference(
        "keras StringLookup", ("size",), (("string_lookup", {"mask_token": "other"}),),
        lambda: adapted(layers.StringLookup(mask_token="other"), tf.constant(RAW["size"])),
    ),
    "integer_lookup": Reference(
        "keras IntegerLookup", ("whole",),
        (("integer_lookup", {"top_k": 5, "oov_buckets": 2, "mask_token": 0}),),
        lambda: adapted(
            layers.IntegerLookup(max_tokens=8, num_oov_indices=2, mask_token=0, oov_token=-99),
            tf.constant(RAW["whole"], tf.int64),
        ),
    ),
    "hashing": Reference(
        "keras Hashing", ("city",), (("hashing", {"bins": 9}),),
        lambda: layers.Hashing(9)(tf.constant(RAW["city"])),
    ),
    "hashing, salted": Reference(
        "keras Hashing", ("city",), (("hashing", {"bins": 9, "salt": (133, 137)}),),
        lambda: layers.Hashing(9, salt=[133, 137])(tf.constant(RAW["city"])),
    ),
    "ordinal": Reference(
        "sklearn OrdinalEncoder", ("size",), (("ordinal", {"order": ORDER}),),
        lambda: preprocessing.OrdinalEncoder(
            categories=[list(ORDER)], handle_unknown="use_encoded_value", unknown_value=3
        ).fit_transform(np.array(RAW["size"])[:, np.newaxis])[:, 0],
    ),
    "frequency": Reference(
        "pandas value_counts", ("city",), ("frequency",),
        lambda: pd.Series(RAW["city"]).map(pd.Series(RAW["city"]).value_counts(normalize=True)),
    ),
    "one_hot": Reference(
        "sklearn OneHotEncoder", ("city",), ("one_hot",),
        lambda: preprocessing.OneHotEncoder(
            categories=[by_frequency(RAW["city"])], sparse_output=False
        ).fit_transform(np.array(RAW["city"])[:, np.newaxis]),
    ),
    "multi_hot": Reference(
        "sklearn CountVectorizer", ("words",), ("multi_hot",),
        lambda: counted(text.CountVectorizer(binary=True, **WORDS)),
    ),
    "count": Reference(
        "sklearn CountVectorizer", ("words",), ("count",),
        lambda: counted(text.CountVectorizer(**WORDS)),
    ),
    "tf_idf": Reference(
        "sklearn TfidfVectorizer", ("text",), ("split", "tf_idf"),
        lambda: counted(text.TfidfVectorizer(**WORDS)),
    ),
    "tf_idf, not scaled": Reference(
        "sklearn TfidfVectorizer", ("words",), (("tf_idf", {"norm": "none"}),),
        lambda: counted(text.TfidfVectorizer(norm=None, **WORDS)),
    ),
    "text_vectorization": Reference(
        "keras TextVectorization", ("text",),
        (("text_vectorization", {"length": 6, "top_k": 15}),),
        lambda: adapted(
            layers.TextVectorization(max_tokens=17, output_sequence_length=6),
            tf.constant(RAW["text"]),
        ),
    ),
    "standardize, split, token_ids": Reference(
        "keras TextVectorization", ("text",),
        ("standardize", "split", ("token_ids", {"length": 4})),
        lambda: adapted(
            layers.TextVectorization(output_sequence_length=4), tf.constant(RAW["text"])
        ),
    ),
    "ngrams": Reference(
        "keras TextVectorization", ("words",),
        (("ngrams", {"sizes": (2, 3)}), ("token_ids", {"length": 5})),
        lambda: adapted(
            layers.TextVectorization(standardize=None, ngrams=(2, 3), output_sequence_length=5),
            tf.constant(RAW["text"]),
        ),
    ),
    "text_vectorization, pairs": Reference(
        "keras TextVectorization", ("text",), (("text_vectorization", {"ngram_sizes": (1, 2)}),),
        lambda: adapted(layers.TextVectorization(ngrams=2), tf.constant(RAW["text"])),
    ),
    "bag_of_words": Reference(
        "keras TextVectorization", ("text",), (("bag_of_words", {"top_k": 12}),),
        lambda: adapted(
            layers.TextVectorization(output_mode="count", max_tokens=13), tf.constant(RAW["text"])
        )[:, 1:],  # without the unknown ones
    ),
    "decode_raw": Reference("numpy frombuffer", ("image",), (RAW_IMAGE,), images),
    "decode_image": Reference(
        "Pillow", ("png",), (("decode_image", {"size": (8, 6)}),),
        lambda: [np.asarray(Image.open(io.BytesIO(content))) for content in RAW["png"]],
    ),
    "grey": Reference(
        "keras rgb_to_grayscale", ("image",), (RAW_IMAGE, "grey"),
        lambda: keras.ops.image.rgb_to_grayscale(images()),
    ),
    "standardize_image": Reference(
        "tf.image per_image_standardization", ("image",), (RAW_IMAGE, "standardize_image"),
        lambda: tf.image.per_image_standardization(images()),
    ),
    "rescale": Reference(
        "keras Rescaling", ("image",),
        (RAW_IMAGE, ("rescale", {"scale": 1 / 127.5, "offset": -1.0})),
        lambda: layers.Rescaling(1 / 127.5, -1.0)(images()),
    ),
    "resize": Reference(
        "keras Resizing", ("image",), (RAW_IMAGE, ("resize", {"size": (5, 9)})),
        lambda: layers.Resizing(5, 9)(images()),
    ),
    "center_crop": Reference(
        "keras CenterCrop", ("image",), (RAW_IMAGE, ("center_crop", {"size": (4, 4)})),
        lambda: layers.CenterCrop(4, 4)(images()),
    ),
    "standardize_channels": Reference(
        "sklearn StandardScaler", ("image",), (RAW_IMAGE, "standardize_channels"),
        lambda: preprocessing.StandardScaler()
        .fit_transform(images().reshape(-1, 3).astype(np.float64))
        .reshape(-1, 8, 6, 3),
    ),
    "pad": Reference(
        "keras pad_sequences", ("series",), (("pad", {"length": 4, "side": "start"}),),
        lambda: keras.utils.pad_sequences(RAW["series"], 4, dtype="float32"),
    ),
    "future": Reference(
        "keras pad_sequences", ("series",), (("future", {"length": 3}),),
        lambda: keras.utils.pad_sequences(
            RAW["series"], 3, dtype="float32", padding="post", truncating="post"
        ),
    ),
    "window": Reference(
        "keras pad_sequences", ("series",), (("window", {"length": 3, "horizon": 1}),),
        lambda: padded([row[:-1] for row in RAW["series"]], 3, side="pre"),
    ),
    "differences": Reference(
        "numpy diff", ("series",), ("differences", ("pad", {"length": 6})),
        lambda: padded(map(np.diff, RAW["series"]), 6),
    ),
    "scale_series": Reference(
        "sklearn scale", ("series",), ("scale_series", ("pad", {"length": 6})),
        lambda: padded(map(preprocessing.scale, RAW["series"]), 6),
    ),
    "z_score_steps": Reference(
        "sklearn StandardScaler", ("series",), ("z_score_steps", ("pad", {"length": 6})),
        lambda: padded(
            (all_steps().transform(np.reshape(row, [-1, 1]))[:, 0] for row in RAW["series"]), 6
        ),
    ),
    "mask": Reference(
        "keras Masking", ("series",), (("mask", {"length": 6}),),
        lambda: layers.Masking().compute_mask(padded(RAW["series"], 6)[:, :, np.newaxis]),
    ),
    "last": Reference("numpy", ("series",), ("last",), lambda: [row[-1] for row in RAW["series"]]),
    "steps": Reference("numpy", ("series",), ("steps",), lambda: list(map(len, RAW["series"]))),
}  # fmt: skip


@pytest.fixture(scope="module")
def outputs(analyze, feature) -> dict[str, np.ndarray]:
    """The transformed rows, by the name of the reference."""
    names = {title: f"feature_{index}" for index, title in enumerate(REFERENCES)}
    features = [
        feature(names[title], reference.steps, reference.keys)
        for title, reference in REFERENCES.items()
    ]
    found = analyze(RAW, features)(RAW)
    return {title: found[name] for title, name in names.items()}


@pytest.mark.parametrize("title", REFERENCES)
def test_values_are_those_of_the_reference(
    outputs: dict[str, np.ndarray], title: str, record_property: Callable[[str, object], None]
) -> None:
    expected = np.asarray(REFERENCES[title].compute())
    found = outputs[title]
    assert found.shape == expected.shape
    difference = np.abs(found - expected) / np.maximum(1, np.abs(expected))
    record_property("reference", REFERENCES[title].source)
    record_property("largest difference", float(difference.max()))
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


def test_every_transform_has_a_reference() -> None:
    compared = {
        step if isinstance(step, str) else step[0]
        for reference in REFERENCES.values()
        for step in reference.steps
    }
    assert compared == set(TRANSFORMS) - {"text"}  # which changes nothing
