"""The signatures of an exported model, generated from what Transform says of its graph.

    serving_default     serialized tf.Examples -> label, probabilities, classes, or prediction; and
                        prediction_set, or lower and upper, if intervals are asked for;
                        top_classes and top_probabilities, if `top_k` is
    columns             one tensor a raw feature -> the same
    classify, regress   serialized tf.Examples, for TF Serving's Classify and Regress
    explain             serialized tf.Examples -> the same, with what each raw feature has added
    monte_carlo         serialized tf.Examples -> the same, with its standard deviation, on request
    transform_features  serialized tf.Examples -> the transformed features
    transform_label     serialized tf.Examples -> the label, as the answer is compared with it
    sample, score       of a model that writes texts: see `tfline.components.trainer.texts`

All of them share one traced function, so that a signature more costs little time and space. The
label is an input of the last alone.
"""

from __future__ import annotations

import functools
import keyword
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfline.components.trainer.conformal.intervals import Intervals
from tfline.components.trainer.explain.answer import answer_explained
from tfline.components.trainer.explain.explainer import Explainer
from tfline.components.trainer.models.generation.decoding import Texts
from tfline.components.trainer.models.generation.generator import find_generator
from tfline.components.trainer.models.text_encoder import TextEncoder
from tfline.components.trainer.monte_carlo import answer_samples, sample_outputs
from tfline.components.trainer.texts import sample_texts, score_texts
from tfline.components.trainer.threshold import ServedThreshold
from tfline.components.trainer.top_classes import with_top
from tfline.components.trainer.transform_graph import Columns, Features, TransformGraph
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead

METHOD_NAMES = {
    "classify": "tensorflow/serving/classify",
    "regress": "tensorflow/serving/regress",
}
"""The signatures whose method is not Predict; TF Serving asks for it."""

Outputs = dict[str, tf.Tensor]

Signature = Callable[..., Outputs]

_EXAMPLES = tf.TensorSpec([None], tf.string, name="examples")
_INPUTS = tf.TensorSpec([None], tf.string, name="inputs")
_TEMPERATURE = tf.TensorSpec([None], tf.float32, name="temperature")
_SEED = tf.TensorSpec([None], tf.int64, name="seed")


class ServingModel(tf.Module):
    """A trained model behind its transform graph.

    Args:
        model: From feature name -> tensor to [batch, units].
        graph: Makes the features.
        head: Turns what it gives into what is served.
        samples: Of the signature ``monte_carlo``; 0: there is none.
        explainer: Of the signature ``explain``; None: there is none.
        intervals: What is possible beside each answer; None: that is not told.
        top_k: How many of the most probable classes are told beside each answer; 0: none.

    Attributes:
        arguments: Raw feature to the name of its argument in the signature ``columns``.
    """

    def __init__(
        self,
        model: keras.Model,
        graph: TransformGraph,
        head: Head,
        samples: int = 0,
        explainer: Explainer | None = None,
        intervals: Intervals | None = None,
        top_k: int = 0,
    ) -> None:
        super().__init__()
        self._graph = graph
        self._levels = head.link.levels if isinstance(head, RegressionHead) else ()
        generator = find_generator(model)
        self._writes = generator is not None
        self._samples = samples
        self._explainer = explainer
        self._intervals = intervals
        self._top_k = top_k
        # TensorFlow's own variables, each once: without the optimizer, which would triple the
        # export, and not Keras' around them, which servers in C++ do not find; what has none, such
        # as a layer around a vocabulary; and the vocabularies of encoders. A function may hold the
        # model itself: it is no part of what is saved.
        self.model_variables = [variable.value for variable in model.variables]
        parts = getattr(model, "members", [model])  # an ensemble has several
        layers = [layer for part in parts for layer in part.layers]
        self._tables = [layer for layer in layers if not layer.variables]
        self._encoders = [layer.saved_model for layer in layers if isinstance(layer, TextEncoder)]
        self._sample_texts = functools.partial(sample_texts, model, graph.metadata)
        self._score_texts = functools.partial(score_texts, model, graph)
        self._threshold = ServedThreshold() if graph.task.decides else None
        self._keys = list(graph.columns)
        self.arguments = argument_names(self._keys)
        columns = {
            key: tf.SparseTensorSpec([None, None], dtype) for key, dtype in graph.columns.items()
        }
        self._transform = tf.function(graph.transform, autograph=False, input_signature=[columns])

        def predict(columns: Columns) -> tf.Tensor | Texts:
            features = self._transform(columns)
            if generator is not None:
                return generator.search(features)
            return head.restore(model(features, training=False))

        def sample_predictions(columns: Columns) -> tf.Tensor:
            return head.restore(sample_outputs(model, self._transform(columns), samples))

        self._predict = tf.function(predict, autograph=False, input_signature=[columns])
        if samples:  # a function that is held is traced, whether a signature calls it or not
            self._sample = tf.function(
                sample_predictions, autograph=False, input_signature=[columns]
            )

    def signatures(self) -> dict[str, Signature]:
        """Returns the signatures by their names."""
        inputs: dict[str, tuple[Signature, *tuple[object, ...]]] = {
            "serving_default": (self.serving_default, _EXAMPLES),
            "columns": (self.columns, self._column_specs()),
            "transform_features": (self.transform_features, _EXAMPLES),
            "transform_label": (self.transform_label, _EXAMPLES),
        }
        method = self._graph.task.method(self._graph.metadata)
        if method:
            inputs[method] = (getattr(self, method), _INPUTS)
        if self._writes:
            inputs["sample"] = (self.sample, _EXAMPLES, _TEMPERATURE, _SEED)
            inputs["score"] = (self.score, _EXAMPLES)
        if self._samples:
            inputs["monte_carlo"] = (self.monte_carlo, _EXAMPLES)
        if self._explainer is not None:
            inputs["explain"] = (functools.partial(self.explain, self._explainer), _EXAMPLES)
        return {
            name: tf.function(function, autograph=False, input_signature=specs)
            for name, (function, *specs) in inputs.items()
        }

    def serving_default(self, examples: tf.Tensor) -> Outputs:
        """Predicts from serialized tf.Examples, string [batch]."""
        return self._told(self._parse(examples))

    def columns(self, columns: dict[str, tf.Tensor]) -> Outputs:
        """Predicts from one tensor a raw feature, [batch] or [batch, n]; see `present_values`."""
        sparse = {key: present_values(columns[name]) for key, name in self.arguments.items()}
        return self._told(sparse)

    def classify(self, inputs: tf.Tensor) -> Outputs:
        """Returns all classes with their scores, [batch, k], for tf.Examples, string [batch]."""
        outputs = self.serving_default(inputs)
        return {"classes": outputs["classes"], "scores": outputs["probabilities"]}

    def regress(self, inputs: tf.Tensor) -> Outputs:
        """Returns the predicted number, [batch], for tf.Examples, string [batch]."""
        return {"outputs": self.serving_default(inputs)["prediction"]}

    def monte_carlo(self, examples: tf.Tensor) -> Outputs:
        """Predicts as often as there are samples, with dropout; see `answer_samples`."""
        samples = self._sample(self._parse(examples))
        return answer_samples(samples, self._answer)

    def explain(self, explainer: Explainer, examples: tf.Tensor) -> Outputs:
        """Predicts, and tells what each raw feature has added; see `answer_explained`."""
        columns = self._parse(examples)
        explained = explainer.explain(self._transform(columns))
        features = self._graph.metadata.features
        told = answer_explained(explained, features, explainer.numbers, explainer.unit)
        return {**self._told(columns), **told}

    def transform_features(self, examples: tf.Tensor) -> Features:
        """Returns what the model is fed with for tf.Examples, string [batch]."""
        features: Features = self._transform(self._parse(examples))
        return features

    def transform_label(self, examples: tf.Tensor) -> Outputs:
        """Returns what the answer is compared with for tf.Examples, string [batch]."""
        label = self._graph.label(examples)
        return {"label": label[:, -1] if self._graph.metadata.steps > 1 else label}

    def sample(self, examples: tf.Tensor, temperature: tf.Tensor, seed: tf.Tensor) -> Outputs:
        """Returns a random text for each of tf.Examples, string [batch]; see `sample_texts`."""
        features = self._transform(self._parse(examples))
        return self._sample_texts(features, temperature, seed)

    def score(self, examples: tf.Tensor) -> Outputs:
        """Returns how probable the labels of tf.Examples are, string [batch]; see `score_texts`."""
        return self._score_texts(examples)

    def _told(self, columns: Columns) -> Outputs:
        """Returns the answers to raw features, and what else is possible."""
        answer = self._answer(self._predict(columns))
        if self._intervals is None:
            return answer
        return {**answer, **self._intervals.beside(answer, columns)}

    def _answer(self, y: tf.Tensor | Texts) -> Outputs:
        threshold = self._threshold() if self._threshold is not None else None
        answer: Outputs = self._graph.task.answer(y, self._graph.metadata, threshold, self._levels)
        return with_top(answer, self._top_k) if self._top_k else answer

    def _parse(self, examples: tf.Tensor) -> Columns:
        return self._graph.parse(examples, self._keys)

    def _column_specs(self) -> dict[str, tf.TensorSpec]:
        specs = {}
        for key, name in self.arguments.items():
            count = self._graph.value_count(key)
            shape = [None] if count.high == 1 else [None, count.width]
            specs[name] = tf.TensorSpec(shape, self._graph.columns[key], name=name)
        return specs


def argument_names(keys: Sequence[str]) -> dict[str, str]:
    """Returns a name for each raw feature that can be an argument of a function.

    TensorFlow refuses ``size (cm)``, ``self`` and others: those are numbered, and the SavedModel's
    signature is given the true name once it is written.
    """
    return {
        key: key if _is_argument(key) else f"tfline_column_{index}"
        for index, key in enumerate(keys)
    }


def _is_argument(key: str) -> bool:
    is_name = key.isidentifier() and key.isascii()
    return is_name and key != "self" and not keyword.iskeyword(key) and not key.startswith("_")


def present_values(column: tf.Tensor) -> tf.SparseTensor:
    """Returns the values of a column that are there.

    Args:
        column: [batch], or [batch, n] of lists; NaN, the empty string and the smallest int64 stand
            for a missing value.

    Returns:
        [batch, values], as if parsed from tf.Examples that lack the missing values at the end of
        their lists. One that is missing before another value keeps its place. Lists of a known
        length are whole, or have no value at all.
    """
    rows = tf.reshape(column, [-1, 1]) if column.shape.rank == 1 else column  # [batch, n]
    if rows.dtype.is_floating:
        present = ~tf.math.is_nan(rows)
    else:
        present = tf.not_equal(rows, "" if rows.dtype == tf.string else tf.int64.min)
    places = tf.range(1, tf.shape(rows, tf.int64)[1] + 1)  # [n]
    lengths = tf.reduce_max(tf.where(present, places, 0), axis=1)  # [batch]
    if rows.shape[1] is not None:
        lengths = tf.where(lengths > 0, tf.constant(rows.shape[1], tf.int64), lengths)
    return tf.RaggedTensor.from_tensor(rows, lengths=tf.maximum(lengths, 0)).to_sparse()
