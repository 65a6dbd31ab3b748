"""Small transform graphs and records, made by hand: real SavedModels without a Beam pipeline."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_transform import TFTransformOutput
from tensorflow_transform.saved import saved_transform_io_v2
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.transform_graph import TransformGraph
from tfline.tasks.heads.head import Head
from tfline.tasks.table import find_task
from tfline.transforms.columns import as_numbers, as_series, as_strings, as_tokens
from tfline.transforms.features import WEIGHT, LabelSpec, Step
from tfline.transforms.label import encode_class
from tfline.transforms.lexicon import given_table
from tfline.transforms.sequence import last, window
from tfline.transforms.target_text import REFERENCE, reference_text, tokens_of, with_specials

CITIES = ("Bern", "Lima", "Oslo")

CLASSES: dict[str, list[str]] = {
    "binary": ["no", "yes"],
    "multiclass": [*CITIES],
    "ordinal": [*CITIES],
    "multilabel": [*CITIES, "old"],
    "regression": [],
    "forecast": [],
}
"""The classes of each task of `write_table`."""

HORIZON = 2
"""How many values a label of the task forecast has."""

SERIES_STEPS = 6
"""How many steps a series has."""


class Case(NamedTuple):
    """A transform graph with the records that go with it.

    Attributes:
        path: The TransformGraph artifact.
        examples: Serialized tf.Examples.
        train_files: Pattern of the files of the train split.
        eval_files: Pattern of the files of the eval split.
    """

    path: str
    examples: list[bytes]
    train_files: list[str]
    eval_files: list[str]

    def graph(self) -> TransformGraph:
        """Loads the graph, once."""
        return load_graph(self.path)


@functools.cache
def load_graph(path: str) -> TransformGraph:
    """Loads a graph: it has no state, and loading it takes longer than most tests."""
    return TransformGraph(path)


def horizon(task: str) -> int:
    """Returns how many values the label of a task has."""
    return HORIZON if task == "forecast" else 1


def table_fn(
    task: str, classes: list[str], cities: Sequence[str] = CITIES
) -> Callable[[dict[str, tf.SparseTensor]], Any]:
    """Returns a preprocessing function of a number, an index and a one-hot vector."""

    def preprocess(columns: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        age = as_numbers(columns["age"])
        city = encode_class(columns, LabelSpec(key="city"), [*cities])
        day = encode_class(columns, LabelSpec(key="day"), [0, 1])
        label = LabelSpec(key="label", task=task, horizon=horizon(task))
        return {
            "age": tf.where(tf.math.is_nan(age), 0.0, age / 10),
            "city": tf.where(city < 0, tf.constant(3, tf.int64), city),
            "day": tf.one_hot(day, 2),
            "label": find_task(str(label.task)).encode(columns, label, classes),
            WEIGHT: as_numbers(columns["day"]),  # used where the metadata names a weight
        }

    return preprocess


def image_fn(columns: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Decodes images of 28 x 28 x 1 and ten classes."""
    pixels = tf.io.decode_raw(as_strings(columns["image"]), tf.uint8, fixed_length=784)
    image = tf.cast(tf.reshape(pixels, [-1, 28, 28, 1]), tf.float32) / 255
    label = encode_class(columns, LabelSpec(key="label"), list(range(10)))
    return {"image": image, "label": label}


def write_graph(
    folder: Path, function: Callable[..., Any], raw: dict[str, str], metadata: dict[str, Any]
) -> str:
    """Writes a TransformGraph artifact as Transform does."""
    specs = {
        key: tf.SparseTensorSpec([None, None], tf.as_dtype(dtype)) for key, dtype in raw.items()
    }
    transform = tf.function(function, input_signature=[specs])
    path = folder / TFTransformOutput.TRANSFORM_FN_DIR
    saved_transform_io_v2.write_v2_saved_model(tf.Module(), transform, "transform_fn", str(path))
    spec = {key: tf.io.VarLenFeature(tf.as_dtype(dtype)) for key, dtype in raw.items()}
    schema = schema_utils.schema_from_feature_spec(spec)
    raw_folder = folder / TFTransformOutput.RAW_METADATA_DIR
    metadata_io.write_metadata(dataset_metadata.DatasetMetadata(schema), str(raw_folder))
    (folder / "tfline.json").write_text(json.dumps({**metadata, "raw": raw}))
    return str(folder)


def example(**values: Any) -> bytes:
    """Returns a serialized tf.Example; a value of None is left out."""
    features = tf.train.Features()
    for name, given in values.items():
        for value in given if isinstance(given, list) else [given]:
            if isinstance(value, float):
                features.feature[name].float_list.value.append(value)
            elif isinstance(value, int):
                features.feature[name].int64_list.value.append(value)
            elif value is not None:
                content = value if isinstance(value, bytes) else value.encode()
                features.feature[name].bytes_list.value.append(content)
    return tf.train.Example(features=features).SerializeToString()


def write_records(path: Path, records: list[bytes]) -> list[str]:
    """Writes TFRecords into the only file of a folder; returns the pattern of the folder."""
    path.parent.mkdir(parents=True)
    options = "GZIP" if path.suffix == ".gz" else ""
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)
    return [str(path.parent / "*")]


def write_case(
    folder: Path,
    function: Callable[..., Any],
    raw: dict[str, str],
    metadata: dict[str, Any],
    examples: list[bytes],
) -> Case:
    """Writes a graph, and its records as both splits; those of the eval split zipped."""
    path = write_graph(folder / "graph", function, raw, metadata)
    train = write_records(folder / "train" / "data.tfrecord", examples)
    evaluation = write_records(folder / "eval" / "data.tfrecord.gz", examples)
    return Case(path, examples, train, evaluation)


def write_table(
    folder: Path,
    task: str,
    cities: Sequence[str] = CITIES,
    classes: list[str] | None = None,
) -> Case:
    """Writes 60 records of a table whose label can be learnt; some values are missing.

    Args:
        folder: A new folder.
        task: What the label asks for.
        cities: In the order of their indices.
        classes: In the order of theirs; None: `CLASSES`.
    """
    classes = CLASSES[task] if classes is None else classes
    rng = np.random.default_rng(0)
    examples = []
    for i in range(60):
        age = float(rng.integers(1, 20))
        city = CITIES[i % 3]
        label = {
            "binary": "yes" if age > 10 else "no",
            "multiclass": city,
            "ordinal": city,
            "multilabel": [city, *(["old"] if age > 10 else [])],
            "regression": age / 10 + i % 3,
            "forecast": [age / 10, age / 10 + 1],
        }[task]
        examples.append(
            example(
                age=None if i % 20 == 7 else age,
                city=None if i % 20 == 8 else city,
                day=i % 2,
                label=label,
            )
        )
    metadata = {
        "task": task,
        "label": "label",
        "label_keys": ["label"],
        "size": horizon(task),
        "classes": classes,
        "class_values": classes,
        "features": [
            {"name": "age", "keys": ["age"], "kind": "numeric", "shape": [], "depth": None},
            {"name": "city", "keys": ["city"], "kind": "index", "shape": [], "depth": 4},
            {"name": "day", "keys": ["day"], "kind": "numeric", "shape": [2], "depth": None},
        ],
    }
    label_dtype = "string" if classes else "float32"
    raw = {"age": "float32", "city": "string", "day": "int64", "label": label_dtype}
    return write_case(folder, table_fn(task, classes, cities), raw, metadata, examples)


def write_images(folder: Path) -> Case:
    """Writes 40 images whose class is the row that is bright."""
    examples = []
    for i in range(40):
        image = np.zeros([28, 28], np.uint8)
        image[2 * (i % 10)] = 255 - i
        examples.append(example(image=image.tobytes(), label=i % 10))
    names = [f"row {2 * i}" for i in range(10)]
    metadata = {
        "task": "multiclass",
        "label": "label",
        "label_keys": ["label"],
        "size": 1,
        "classes": names,
        "class_values": list(range(10)),
        "features": [
            {
                "name": "image",
                "keys": ["image"],
                "kind": "image",
                "shape": [28, 28, 1],
                "depth": None,
            }
        ],
    }
    raw = {"image": "string", "label": "int64"}
    return write_case(folder, image_fn, raw, metadata, examples)


def sequence_fn(columns: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
    """Makes a series of 6 steps and a text of 4 tokens; the label is a forecast at each step."""
    tokens = as_tokens(columns["words"])
    label = LabelSpec(key="label", task="forecast", horizon=HORIZON, steps=SERIES_STEPS)
    return {
        "load": window(as_series(columns["load"]), length=SERIES_STEPS),
        "words": tf.strings.length(tokens).to_tensor(shape=[None, 4]),
        "label": find_task(str(label.task)).encode(columns, label, []),
        "one step": last(as_series(columns["label"])),
    }


def write_sequences(folder: Path, name: str) -> Case:
    """Writes 40 records of a series, ``load``, or of a text, ``words``.

    The label of the series is a forecast at each step, that of the text a number.
    """
    rng = np.random.default_rng(0)
    examples = [
        example(
            load=rng.random(9).tolist() if i % 10 else None,
            words=["a", "bb", "ccc"][: i % 4] or None,
            label=rng.random(SERIES_STEPS + HORIZON - 1).tolist(),
        )
        for i in range(40)
    ]
    series = {"kind": "numeric", "shape": [SERIES_STEPS], "depth": None}
    text = {"kind": "index", "shape": [4], "depth": 4}
    metadata = {
        "task": "forecast" if name == "load" else "regression",
        "label": "label" if name == "load" else "one step",
        "label_keys": ["label"],
        "size": HORIZON if name == "load" else 1,
        "steps": SERIES_STEPS if name == "load" else 1,
        "classes": [],
        "class_values": [],
        "features": [{"name": name, "keys": [name], **(series if name == "load" else text)}],
        "value_counts": {name: [0, None]},
    }
    raw = {"load": "float32", "words": "string", "label": "float32"}
    return write_case(folder, sequence_fn, raw, metadata, examples)


def write_texts(folder: Path) -> Case:
    """Writes 40 numbers in words of letters, to be spelt backwards; one text is missing."""
    words = [f"{chr(97 + i % 3)}{chr(97 + i % 4)}{'ab' * (i % 2)}" for i in range(40)]
    examples = [
        example(word=word, back=None if i == 7 else word[::-1]) for i, word in enumerate(words)
    ]
    letters = ["a", "b", "c", "d"]
    by_letter = Step(transform="split", arguments={"by": "character"})
    label = LabelSpec(key="back", task="text", transform=(by_letter,), length=6)
    tokens = with_specials(letters, marks=True)
    read = label.model_copy(update={"key": "word"})

    def preprocess(columns: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        letters_of = tokens_of(columns, read)
        index = given_table(letters).lookup(letters_of.flat_values) + 2
        return {
            "word": letters_of.with_flat_values(index).to_tensor(shape=[None, 5]),
            "back": find_task(str(label.task)).encode(columns, label, tokens),
            REFERENCE: reference_text(columns, label),
        }

    word = {"name": "word", "keys": ["word"], "kind": "index", "shape": [5], "depth": 6}
    metadata = {
        "task": "text",
        "label": "back",
        "label_keys": ["back"],
        "size": 6,
        "classes": tokens,
        "class_values": tokens,
        "separator": "",
        "features": [word],
    }
    raw = {"word": "string", "back": "string"}
    return write_case(folder, preprocess, raw, metadata, examples)


def write_strings(folder: Path) -> Case:
    """Writes 40 short texts, good or bad; one is missing."""
    texts = [f"{'Good' if i % 2 else 'bad'} {('monday', 'sunday')[i % 3 % 2]}" for i in range(40)]
    examples = [
        example(review=None if i == 7 else text, label=int(text.startswith("Good")))
        for i, text in enumerate(texts)
    ]

    def preprocess(columns: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        return {
            "review": as_strings(columns["review"]),
            "label": encode_class(columns, LabelSpec(key="label"), [0, 1]),
        }

    review = {"name": "review", "keys": ["review"], "kind": "string", "shape": [], "depth": None}
    metadata = {
        "task": "binary",
        "label": "label",
        "label_keys": ["label"],
        "size": 1,
        "classes": ["no", "yes"],
        "class_values": [0, 1],
        "features": [review],
    }
    return write_case(
        folder, preprocess, {"review": "string", "label": "int64"}, metadata, examples
    )


def write_as_given(folder: Path, features: Sequence[TensorFeature], head: Head) -> TransformGraph:
    """Writes a graph that only gives raw features the shapes that a model takes.

    A mask is as high as it is wide.
    """

    def preprocess(columns: dict[str, tf.SparseTensor]) -> dict[str, tf.Tensor]:
        dense = {key: tf.sparse.to_dense(column) for key, column in columns.items()}
        given = {f.name: tf.reshape(dense[f.name], [-1, *f.shape]) for f in features}
        label = dense["label"]
        return {**given, "label": label, REFERENCE: tf.strings.reduce_join(tf.as_string(label), 1)}

    side = round(head.size**0.5)
    metadata = {
        "task": head.task,
        "label": "label",
        "label_keys": ["label"],
        "size": head.size,
        "classes": head.classes,
        "class_values": head.classes,
        "shape": [side, side] if head.task == "mask" else None,
        "features": [{**dataclasses.asdict(f), "keys": [f.name]} for f in features],
        "value_counts": {feature.name: [0, None] for feature in features},
    }
    dtypes = {feature.name: feature.dtype for feature in features}
    return TransformGraph(write_graph(folder, preprocess, {**dtypes, "label": "int64"}, metadata))


@pytest.fixture(scope="session")
def graph_of() -> Callable[[Path, Sequence[TensorFeature], Head], TransformGraph]:
    """Writes graphs of any features and any label; see `write_as_given`."""
    return write_as_given


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Words that are to be spelt backwards."""
    return write_texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """One case a task on a table, one of images, one of series and one of texts."""
    folder = tmp_path_factory.mktemp("cases")
    tables = {task: write_table(folder / task, task) for task in CLASSES}
    return {
        **tables,
        "reordered": write_table(folder / "reordered", "binary", CITIES[::-1]),
        "swapped": write_table(folder / "swapped", "binary", classes=["yes", "no"]),
        "images": write_images(folder / "images"),
        "series": write_sequences(folder / "series", "load"),
        "texts": write_sequences(folder / "texts", "words"),
        "strings": write_strings(folder / "strings"),
    }


@pytest.fixture(scope="session")
def weighted(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The binary case, whose examples count as much as their `day`, 0 or 1, says."""
    case = cases["binary"]
    folder = tmp_path_factory.mktemp("weighted") / "graph"
    shutil.copytree(case.path, folder)
    metadata = json.loads((folder / "tfline.json").read_text())
    (folder / "tfline.json").write_text(json.dumps({**metadata, "weight": "day"}))
    return case._replace(path=str(folder))
