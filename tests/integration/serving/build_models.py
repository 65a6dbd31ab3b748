"""Writes the SavedModels of the serving tests: python build_models.py FOLDER.

It runs in a process of its own, so that the tests need not import TensorFlow.
"""

from __future__ import annotations

import sys
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

FLOATS = tf.TensorSpec([None], tf.float32, name="x")
EXAMPLES = tf.TensorSpec([None], tf.string, name="inputs")


def signature(*specs: tf.TensorSpec):
    return tf.function(input_signature=list(specs))


class Toolbox(tf.Module):
    """One model with a signature for each thing that the server has to get right."""

    def __init__(self) -> None:
        super().__init__()
        self.half = tf.Variable(0.5)
        self.classes = tf.constant(["low", "high"])

    @signature(FLOATS)
    def half_plus_two(self, x):
        return {"y": self.half * x + 2.0}

    @signature(FLOATS, tf.TensorSpec([None], tf.float32, name="z"))
    def pair(self, x, z):
        return {"total": x + z, "product": x * z}

    @signature(FLOATS, tf.TensorSpec([None], tf.float32, name="z"))
    def with_default(self, x, z):
        return {"total": x + z}

    @signature(tf.TensorSpec(None, tf.float32, name="x"))
    def sum(self, x):
        return {"y": tf.reduce_sum(x)}

    @signature(tf.TensorSpec([None, None], tf.float32, name="x"))
    def row_sums(self, x):
        return {"y": tf.reduce_sum(x, axis=1)}

    @signature(tf.TensorSpec([None], tf.string, name="x"))
    def text(self, x):
        return {"plain": tf.strings.join([x, "!"]), "raw_bytes": x}

    @signature(tf.TensorSpec([None], tf.string, name="x"))
    def forward(self, x):
        """Hands the strings of its input on, as these operations do: without copying them."""
        rows = tf.range(tf.shape(x)[0])
        return {
            "identity": tf.identity(x),
            "reverse": tf.reverse(tf.reverse(x[:, tf.newaxis], [1]), [1])[:, 0],
            "concat": tf.concat([x[:1], x[1:]], axis=0),
            "gather": tf.gather(x, rows),
        }

    @signature(tf.TensorSpec([None], tf.int32, name="n"))
    def slow(self, n):
        matrix = tf.eye(200)
        for _ in tf.range(n[0]):
            matrix = tf.linalg.matmul(matrix, matrix)
        return {"y": tf.reduce_sum(matrix)[tf.newaxis]}

    @signature(EXAMPLES)
    def classify(self, inputs):
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]
        scores = tf.stack([1.0 - x, x], axis=1)
        return {"classes": tf.tile(self.classes[tf.newaxis], [tf.shape(x)[0], 1]), "scores": scores}

    @signature(EXAMPLES)
    def scores_only(self, inputs):
        return {"scores": self.classify(inputs)["scores"]}

    @signature(EXAMPLES)
    def bad_scores(self, inputs):
        return {"scores": self.classify(inputs)["scores"][:1]}

    @signature(EXAMPLES)
    def regress(self, inputs):
        x = tf.io.parse_example(inputs, {"x": tf.io.FixedLenFeature([], tf.float32)})["x"]
        return {"outputs": self.half * x + 2.0}

    @signature(
        *(
            tf.TensorSpec([None], dtype, name=dtype.name)
            for dtype in (
                *(tf.float64, tf.int8, tf.uint8, tf.int16, tf.int32, tf.int64),
                *(tf.uint32, tf.uint64, tf.bool),
            )
        )
    )
    def numbers(self, *tensors):
        return {f"{tensor.dtype.name}_out": tf.identity(tensor) for tensor in tensors}

    @signature(FLOATS)
    def odd_types(self, x):
        return {"half": tf.cast(x, tf.float16), "complex": tf.cast(x, tf.complex64)}


class Taxi(tf.Module):
    """A classifier with the signatures that tfline exports."""

    @signature(tf.TensorSpec([None], tf.string, name="examples"))
    def serving_default(self, examples):
        parsed = tf.io.parse_example(
            examples,
            {
                "fare": tf.io.FixedLenFeature([], tf.float32, default_value=0.0),
                "hour": tf.io.FixedLenFeature([], tf.int64, default_value=0),
                "payment_type": tf.io.FixedLenFeature([], tf.string, default_value=""),
            },
        )
        return self.columns(**parsed)

    @signature(
        tf.TensorSpec([None], tf.float32, name="fare"),
        tf.TensorSpec([None], tf.int64, name="hour"),
        tf.TensorSpec([None], tf.string, name="payment_type"),
    )
    def columns(self, fare, hour, payment_type):
        cash = tf.cast(payment_type == "Cash", tf.float32)
        yes = tf.sigmoid(fare / 10.0 + tf.cast(hour, tf.float32) / 24.0 - cash)
        probabilities = tf.stack([1.0 - yes, yes], axis=1)
        names = tf.constant(["no", "yes"])
        return {
            "label": tf.gather(names, tf.argmax(probabilities, axis=1)),
            "probabilities": probabilities,
            "classes": tf.tile(names[tf.newaxis], [tf.shape(fare)[0], 1]),
        }


class Price(tf.Module):
    """A regression with the signatures that tfline exports."""

    @signature(tf.TensorSpec([None], tf.string, name="examples"))
    def serving_default(self, examples):
        parsed = tf.io.parse_example(examples, {"size": tf.io.FixedLenFeature([], tf.float32)})
        return {"prediction": parsed["size"] * 3.0}

    @signature(tf.TensorSpec([None], tf.float32, name="size"))
    def columns(self, size):
        return {"prediction": size * 3.0}


class WholePrice(tf.Module):
    """A later version of `Price`, whose feature is an integer."""

    @signature(tf.TensorSpec([None], tf.string, name="examples"))
    def serving_default(self, examples):
        parsed = tf.io.parse_example(examples, {"size": tf.io.FixedLenFeature([], tf.int64)})
        return self.columns(parsed["size"])

    @signature(tf.TensorSpec([None], tf.int64, name="size"))
    def columns(self, size):
        return {"prediction": tf.cast(size, tf.float32) * 4.0}


def save_toolbox(folder: Path) -> None:
    model = Toolbox()
    names = [
        *("pair", "with_default", "sum", "row_sums", "text", "forward", "slow", "classify"),
        *("scores_only", "bad_scores", "regress", "numbers", "odd_types"),
    ]
    signatures = {name: getattr(model, name) for name in names}
    tf.saved_model.save(
        model, str(folder), signatures={"serving_default": model.half_plus_two, **signatures}
    )
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    definitions = saved.meta_graphs[0].signature_def
    definitions["with_default"].defaults["z"].CopyFrom(tf.make_tensor_proto([10.0]))
    definitions["sum"].method_name = "somewhere/else"
    path.write_bytes(saved.SerializeToString())


def main(folder: Path) -> None:
    save_toolbox(folder / "toolbox")
    models = (("taxi", Taxi()), ("price", Price()), ("whole_price", WholePrice()))
    for name, model in models:
        signatures = {"serving_default": model.serving_default, "columns": model.columns}
        tf.saved_model.save(model, str(folder / name), signatures=signatures)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
