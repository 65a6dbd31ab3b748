"""A forest as a Keras model: grown by YDF, and run by the operator that TF Serving has too."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import ydf
from yggdrasil_decision_forests.dataset import data_spec_pb2

from tfline.components.trainer.explain.tree_shap import TreeShap
from tfline.components.trainer.models.inputs import TensorFeature, build_inputs
from tfline.components.trainer.models.own_settings import SETTINGS
from tfline.components.trainer.models.own_training import History, OwnTraining, Training
from tfline.components.trainer.models.trees.columns import LABEL, WEIGHT, Columns, Table
from tfline.components.trainer.models.trees.growing import Grower
from tfline.components.trainer.models.trees.importances import measure_importances
from tfline.tasks.heads.head import Head
from tfline.tasks.heads.numbers import RegressionHead
from tfline.transforms.errors import ModelError, did_you_mean

if TYPE_CHECKING:
    from tfline.components.trainer.config import TrainConfig
    from tfline.components.trainer.transform_graph import Batch

FILES = "forest_"
"""What the names of a forest's files begin with."""

Floats = npt.NDArray[np.floating]


@dataclasses.dataclass(frozen=True)
class YdfLoss:
    """A loss of YDF.

    Attributes:
        name: What YDF calls it.
        shown: What Keras shows for the value that YDF shows.
    """

    name: str
    shown: Callable[[float], float]


_LOSSES = {
    "mean_squared_error": YdfLoss("SQUARED_ERROR", lambda root: root**2),
    "mean_absolute_error": YdfLoss("MEAN_AVERAGE_ERROR", lambda error: error),
    "poisson": YdfLoss("POISSON", lambda deviance: deviance / 2),
    "binary_crossentropy": YdfLoss("BINOMIAL_LOG_LIKELIHOOD", lambda deviance: deviance / 2),
    "sparse_categorical_crossentropy": YdfLoss("MULTINOMIAL_LOG_LIKELIHOOD", lambda loss: loss),
}
"""By the name that a spec has for it."""

_OF_TASKS = {
    "binary": (ydf.Task.CLASSIFICATION, "binary_crossentropy"),
    "multiclass": (ydf.Task.CLASSIFICATION, "sparse_categorical_crossentropy"),
    "regression": (ydf.Task.REGRESSION, "mean_squared_error"),
}
"""What YDF calls a task, and its loss unless the spec names one."""


class Forest(keras.layers.Layer):
    """The operator of a grown forest.

    Args:
        columns: What it reads.
        outputs: Which of its outputs are those of the model.
        units: How many these are.
    """

    def __init__(self, columns: Columns, outputs: slice, units: int) -> None:
        super().__init__(name="forest", dtype="float32", trainable=False)
        self._columns = columns
        self._outputs = outputs
        self._units = units
        self._operator: Any = None
        self._predict: Callable[[Mapping[str, tf.Tensor]], tf.Tensor] | None = None

    def plant(self, model: ydf.GenericModel, prefix: str = FILES) -> None:
        """Takes a grown forest in place of another one, or of none.

        Args:
            model: The forest.
            prefix: Of its files: those of several forests lie side by side in an export.
        """
        from ydf_tf import tf_op  # loads the operator into TensorFlow

        # The operator reads files, which become assets of an export.
        folder = tempfile.mkdtemp(prefix="tfline-forest-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        model.save(folder, ydf.ModelIOOptions(file_prefix=prefix))
        operator = tf_op.ModelV2(folder, verbose=False)

        def predict(columns: Mapping[str, tf.Tensor]) -> tf.Tensor:
            return operator.apply(columns).dense_predictions

        # As a function: outside of one, TensorFlow keeps the kernel of an operator, and this one
        # keeps its forest, so that a second forest would answer as the first.
        self._operator = operator
        self._predict = tf.function(predict, autograph=False)

    def compute_output_spec(self, inputs: Mapping[str, keras.KerasTensor]) -> keras.KerasTensor:
        """Returns the shape and the dtype of what it gives."""
        return keras.KerasTensor((None, self._units), "float32")

    def call(self, inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Returns predictions, float32 [batch, units], for transformed features [batch, ...].

        Raises:
            ModelError: No forest has been grown yet.
        """
        if self._predict is None:
            raise ModelError("The trees have not been grown yet", hint="Train the model first.")
        predictions = self._predict(self._columns.split(inputs))
        return tf.ensure_shape(predictions[:, self._outputs], [None, self._units])


class ForestModel(OwnTraining):
    """A forest between the inputs and the output of a Keras model.

    Args:
        kind: Of the forest, a name of `growing.LEARNERS`.
        features: The inputs.
        head: What it predicts.
        monotone: A number to the direction in which predictions follow it.
        options: Arguments of YDF's learner.

    Raises:
        ModelError: A feature or the label is none for trees.
        SpecError: YDF refuses an argument.
    """

    explains_itself = True

    def __init__(
        self,
        kind: str,
        features: Sequence[TensorFeature],
        head: Head,
        monotone: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> None:
        columns = Columns(features)
        check_head(head)
        task, self._default_loss = _OF_TASKS[head.task]
        outputs = slice(1, 2) if head.task == "binary" else slice(None)
        forest = Forest(columns, outputs, head.units)
        inputs = build_inputs(features)
        super().__init__(inputs, forest(inputs), name=kind)
        self._kind = kind
        self._columns = columns
        self._forest = forest
        self._head = head
        self._grower = Grower(kind, options, _constrained(columns, monotone), task)
        self.grown: ydf.GenericModel | None = None

    def learn(
        self,
        train: Iterable[Batch],
        evaluation: Iterable[Batch],
        config: TrainConfig,
        state_dir: str | None,
    ) -> Training:
        """Grows the forest; see `OwnTraining.learn`."""
        columns, head = self._columns, self._head
        loss = _LOSSES[config.loss.name if config.loss else self._default_loss]
        learnt = self._table(train)
        seen = self._table(evaluation)
        if WEIGHT in learnt and WEIGHT not in seen:  # class weights are those of the train split
            seen[WEIGHT] = np.ones(len(seen[LABEL]), np.float32)
        spec = columns.describe(learnt, _label_column(head))
        named = loss.name if self._grower.is_boosted else None
        self.grown = self._grower.grow(spec, learnt, seen, config.seed, named, state_dir)
        alone = self.name == self._kind
        self._forest.plant(self.grown, FILES if alone else f"{FILES}{self.name}_")
        return Training(
            self._history(train, evaluation, loss),
            "tree" if self._grower.is_boosted else "forest",
            f"{self.grown.num_trees():,} trees, {self.grown.num_nodes():,} nodes",
            f"tree {self._grower.resumed}" if self._grower.resumed else "",
            SETTINGS,
            measure_importances(self.grown, columns, seen, self._contributions),
        )

    @property
    def unexplained(self) -> str:
        """Why its answers cannot be explained; empty if they can."""
        oblique = self._grower.options.get("split_axis") == "SPARSE_OBLIQUE"
        return "its nodes ask several columns at once (SPARSE_OBLIQUE)" if oblique else ""

    def explainer(self) -> TreeShap:
        """Returns what takes its answers apart.

        Raises:
            ModelError: No forest has been grown yet.
        """
        if self.grown is None:
            raise ModelError("The trees have not been grown yet", hint="Train the model first.")
        return TreeShap(self.grown, self._columns, self._head)

    def _contributions(self, table: Table) -> dict[str, Floats]:
        """Returns what each feature has added to the scores of records, [n, numbers]."""
        split = {column.name: tf.constant(table[column.name]) for column in self._columns.all}
        found = self.explainer().explain_columns(split)
        return {name: added.numpy() for name, added in found.contributions.items()}

    def _table(self, batches: Iterable[Batch]) -> Table:
        """Returns all examples of a split as the columns that YDF reads."""
        parts: list[dict[str, np.ndarray]] = []
        for features, label, *weight in batches:
            part = {name: x.numpy() for name, x in self._columns.split(features).items()}
            part[LABEL] = _target(self._head, label)
            if weight:
                part[WEIGHT] = weight[0].numpy()
            parts.append(part)
        table = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return {
            name: x.astype(np.int32) if x.dtype == np.int64 and name != LABEL else x
            for name, x in table.items()
        }

    def _history(
        self, train: Iterable[Batch], evaluation: Iterable[Batch], loss: YdfLoss
    ) -> History:
        """Returns the losses after each tree, and the metrics of the whole forest."""
        history: History = {}
        for prefix, batches in (("", train), ("val_", evaluation)):
            reached = self.evaluate(batches, return_dict=True, verbose=0)
            history |= {f"{prefix}{name}": [float(value)] for name, value in reached.items()}
        if self._grower.is_boosted and self.grown is not None:
            logs = self.grown.training_logs()
            history["loss"] = [loss.shown(log.training_evaluation.loss) for log in logs]
            history["val_loss"] = [loss.shown(log.evaluation.loss) for log in logs]
        return history


def build_forest(
    kind: str,
    features: Sequence[TensorFeature],
    head: Head,
    monotone: Mapping[str, str],
    options: Mapping[str, Any],
) -> keras.Model:
    """Returns a model of trees that are not grown yet; see `ForestModel`."""
    return ForestModel(kind, features, head, monotone, options)


def check_head(head: Head) -> None:
    """Sees that trees can predict what is asked for.

    Raises:
        ModelError: It is no class, and no single number.
    """
    if head.task not in _OF_TASKS or (isinstance(head, RegressionHead) and head.units != 1):
        several = f" of {head.units} numbers" if isinstance(head, RegressionHead) else ""
        raise ModelError(
            f"Trees predict one of several classes, or one number. Received: {head.task}{several}",
            where="label",
            hint="Choose another model, or a label for each number and a pipeline for each label.",
        )


def _target(head: Head, label: tf.Tensor) -> np.ndarray:
    """Returns what the trees are grown to predict, [batch]."""
    if isinstance(head, RegressionHead):
        return np.reshape(head.link.target(label, head.scale).numpy(), [-1]).astype(np.float32)
    classes: np.ndarray = label.numpy().astype(np.int64)
    return classes


def _label_column(head: Head) -> data_spec_pb2.Column:
    """Returns what YDF has to know of the label: the classes in the order of the outputs."""
    if isinstance(head, RegressionHead):
        return data_spec_pb2.Column(name=LABEL, type=data_spec_pb2.NUMERICAL)
    column = data_spec_pb2.Column(name=LABEL, type=data_spec_pb2.CATEGORICAL)
    names = ("<OOD>", *map(str, range(len(head.classes))))
    column.categorical.number_of_unique_values = len(names)
    for index, name in enumerate(names):
        column.categorical.items[name].index = index
    return column


def _constrained(columns: Columns, monotone: Mapping[str, str]) -> list[ydf.Column]:
    """Returns the columns with their constraints.

    Raises:
        ModelError: A constraint is of what is no number.
    """
    numbers = {column.name for column in columns.all if column.depth is None}
    for name in monotone:
        if name not in numbers:
            raise ModelError(
                f"There is no number '{name}' that predictions could follow",
                where="model.monotone",
                hint=did_you_mean(name, sorted(numbers)),
            )
    directions = {"increasing": 1, "decreasing": -1}
    return [
        ydf.Column(
            column.name,
            ydf.Semantic.NUMERICAL if column.depth is None else ydf.Semantic.CATEGORICAL,
            monotonic=directions.get(monotone.get(column.name, "")),
        )
        for column in columns.all
    ]
