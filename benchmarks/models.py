"""A table of every model: its parameters, and how long it takes to answer.

    python -m benchmarks.models [NAME ...]

Each has its default arguments, features that it is for, and random weights. Seconds are those of
1,000 examples in batches of 64: the median of nine batches, and as many of them.
"""

from __future__ import annotations

import argparse
import statistics
import time

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from components.trainer.models import MODELS, WRITERS
from components.trainer.models.build import build_model
from components.trainer.models.heads import HEADS
from components.trainer.models.heads.head import Head
from components.trainer.models.inputs import TensorFeature

BATCH = 64
EXAMPLES = 1000
ROUNDS = 9

TEN = HEADS["multiclass"](tuple("abcdefghij"))
IMAGENET = HEADS["multiclass"](tuple(map(str, range(1000))))
TABLE = (
    *(TensorFeature(f"number {index}", "numeric") for index in range(10)),
    *(TensorFeature(f"category {index}", "index", depth=100) for index in range(4)),
)
SERIES = (TensorFeature("series", "numeric", (50,)),)
TEXT = (TensorFeature("text", "index", (200,), depth=10_000),)


def image(side: int, channels: int = 1) -> tuple[TensorFeature, ...]:
    """Returns an image as the only feature."""
    return (TensorFeature("image", "image", (side, side, channels)),)


CASES: dict[str, tuple[tuple[TensorFeature, ...], Head]] = {
    **dict.fromkeys(
        ("autoencoder_mlp", "mlp", "residual_mlp", "tabular_transformer", "wide_deep"),
        (TABLE, TEN),
    ),
    **dict.fromkeys(("cnn", "deep_cnn", "lenet5", "vision_transformer"), (image(28), TEN)),
    "alexnet": (image(227, 3), IMAGENET),
    **dict.fromkeys(("googlenet", "resnet34", "se_resnet", "vgg16"), (image(224, 3), IMAGENET)),
    "xception": (image(299, 3), IMAGENET),
    "localizer": (image(64), HEADS["box"](tuple("abcdefghij"))),
    "segmenter": (image(64), HEADS["mask"](tuple("abc"), size=64 * 64)),
    **dict.fromkeys(
        ("conv_gru", "deep_rnn", "gru", "layer_norm_rnn", "lstm", "simple_rnn", "wavenet"),
        (SERIES, HEADS["forecast"]()),
    ),
    **dict.fromkeys(("text_gru", "text_transformer"), (TEXT, HEADS["binary"](("no", "yes")))),
}
"""Features and label of each model: those of its paper, or those that it is mostly used for."""


def main() -> None:
    """Measures the models that are named, or all, and prints the table."""
    left_out = (*WRITERS, "transfer")  # a text is as long as it is; `transfer` needs weights
    known = [name for name in MODELS if name not in left_out]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*known, []], metavar="NAME")
    table = Table("model", "input", "parameters", "seconds / 1,000", title=f"batches of {BATCH}")
    for name in parser.parse_args().names or known:
        features, head = CASES[name]
        model = build_model(name, {}, features, head)
        inputs = f"{len(features)} features" if len(features) > 1 else str(features[0])
        seconds = seconds_for_examples(model, features)
        table.add_row(name, inputs, f"{model.count_params():,}", f"{seconds:.3f}")
        keras.backend.clear_session()
    Console().print(table)


def seconds_for_examples(model: keras.Model, features: tuple[TensorFeature, ...]) -> float:
    """Returns how long 1,000 examples take, after a batch that is not counted."""
    predict = tf.function(lambda batch: model(batch, training=False))
    batch = {feature.name: random_batch(feature) for feature in features}
    predict(batch)
    rounds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        predict(batch)
        rounds.append(time.perf_counter() - started)
    return statistics.median(rounds) * EXAMPLES / BATCH


def random_batch(feature: TensorFeature) -> tf.Tensor:
    """Returns a batch of a feature, drawn at random."""
    rng = np.random.default_rng(0)
    shape = (BATCH, *feature.shape)
    if feature.kind == "index":
        return tf.constant(rng.integers(1, feature.depth, shape))
    return tf.constant(rng.normal(size=shape), tf.float32)


if __name__ == "__main__":
    main()
