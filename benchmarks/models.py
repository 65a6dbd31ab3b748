"""A table of every model: its parameters, and how long it takes to answer.

    python -m benchmarks.models [NAME ...]

Each has its default arguments, features that it is for, and random weights; trees are grown by one
random batch. Seconds are those of
1,000 examples in batches of 64: the median of nine batches, of fewer but at least three where they
take ten seconds, and as many of them. A model of texts to write makes them by beam search, as long
as they can be: with random weights they do not end before. `transfer` is MobileNetV2.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from tfline.components.trainer.config import TrainConfig
from tfline.components.trainer.models import MODELS, TREES
from tfline.components.trainer.models.build import build_model, compile_model
from tfline.components.trainer.models.generation.generator import find_generator
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.own_training import OwnTraining
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.text import TextHead
from tfline.tasks.table import TASKS
from tfline.transforms.target_text import with_specials

BATCH = 64
EXAMPLES = 1000
ROUNDS = (3, 9)
LONG = 10.0

TEN = TASKS["multiclass"].head(tuple("abcdefghij"))
IMAGENET = TASKS["multiclass"].head(tuple(map(str, range(1000))))
TABLE = (
    *(TensorFeature(f"number {index}", "numeric") for index in range(10)),
    *(TensorFeature(f"category {index}", "index", depth=100) for index in range(4)),
)
SERIES = (TensorFeature("series", "numeric", (50,)),)
TEXT = (TensorFeature("text", "index", (200,), depth=10_000),)
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
SENTENCE = (TensorFeature("sentence", "index", (20,), depth=100),)
PROMPT = (TensorFeature("prompt", "index", (100,), depth=len(with_specials(LETTERS, marks=False))),)


def image(side: int, channels: int = 1) -> tuple[TensorFeature, ...]:
    """Returns an image as the only feature."""
    return (TensorFeature("image", "image", (side, side, channels)),)


CASES: dict[str, tuple[tuple[TensorFeature, ...], Head]] = {
    **dict.fromkeys(
        ("autoencoder_mlp", "mlp", "residual_mlp", "tabular_transformer", "wide_deep", *TREES),
        (TABLE, TEN),
    ),
    **dict.fromkeys(("cnn", "deep_cnn", "lenet5", "vision_transformer"), (image(28), TEN)),
    "alexnet": (image(227, 3), IMAGENET),
    **dict.fromkeys(("googlenet", "resnet34", "se_resnet", "vgg16"), (image(224, 3), IMAGENET)),
    "transfer": (image(224, 3), TEN),
    "xception": (image(299, 3), IMAGENET),
    "localizer": (image(64), TASKS["box"].head(tuple("abcdefghij"))),
    "detector": (image(64), TASKS["boxes"].head(tuple("abcdefghij"))),
    "segmenter": (image(64), TASKS["mask"].head(tuple("abc"), size=64 * 64)),
    **dict.fromkeys(
        ("conv_gru", "deep_rnn", "gru", "layer_norm_rnn", "lstm", "simple_rnn", "wavenet"),
        (SERIES, TASKS["forecast"].head()),
    ),
    **dict.fromkeys(("text_gru", "text_transformer"), (TEXT, TASKS["binary"].head(("no", "yes")))),
    **dict.fromkeys(
        ("seq2seq", "translator"),
        (SENTENCE, TextHead(tuple(with_specials(LETTERS, marks=True)), size=21)),
    ),
    "char_rnn": (PROMPT, TextHead(tuple(with_specials(LETTERS, marks=False)), size=101)),
}
"""Features and label of each model: those of its paper, or those that it is mostly used for."""


def main() -> None:
    """Measures the models that are named, or all, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MODELS, []], metavar="NAME")
    table = Table("model", "input", "parameters", "seconds / 1,000", title=f"batches of {BATCH}")
    for name in parser.parse_args().names or MODELS:
        features, head = CASES[name]
        model = build(name, features, head)
        inputs = f"{len(features)} features" if len(features) > 1 else str(features[0])
        seconds = seconds_for_examples(model, features)
        table.add_row(name, inputs, f"{model.count_params():,}", f"{seconds:.3f}")
        keras.backend.clear_session()
    Console().print(table)


def build(name: str, features: tuple[TensorFeature, ...], head: Head) -> keras.Model:
    """Returns a model; `transfer` with random weights from a file, as it takes no others."""
    arguments: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if name == "transfer":
            arguments["weights"] = str(Path(folder) / "random.weights.h5")
            network = keras.applications.MobileNetV2(
                include_top=False, weights=None, input_shape=features[0].shape
            )
            network.save_weights(arguments["weights"])
        model = build_model(name, arguments, features, head)
    if isinstance(model, OwnTraining):
        compile_model(model, head, TrainConfig(), steps_per_execution=1)
        batch = {feature.name: random_batch(feature) for feature in features}
        data = tf.data.Dataset.from_tensors((batch, np.arange(BATCH) % head.units))
        model.learn(data, data, TrainConfig(), None)
    return model


def seconds_for_examples(model: keras.Model, features: tuple[TensorFeature, ...]) -> float:
    """Returns how long 1,000 examples take, after a batch that is not counted."""
    writer = find_generator(model)
    predict = tf.function(writer.search if writer else lambda batch: model(batch, training=False))
    batch = {feature.name: random_batch(feature) for feature in features}
    predict(batch)
    least, most = ROUNDS
    rounds: list[float] = []
    while len(rounds) < least or (len(rounds) < most and sum(rounds) < LONG):
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
