"""Groups of examples: one for each slice of a block.

A block of 4,096 records sliced by ``payment`` with the values card and cash is three groups: all
4,096, those with card, those with cash. What follows works on the arrays of a group, so there is a
Python call for each slice and block, where there would be one for each example and slice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import apache_beam as beam
import numpy as np

from tfline.components.evaluator.reading.blocks import Block, read_blocks
from tfline.components.evaluator.reading.counting import EACH_FOR_ITSELF, Counted, Counting
from tfline.components.evaluator.reading.model import ModelCard, Predictor
from tfline.metrics.arrays import Array, Floats, Integers
from tfline.metrics.slice_by import Cross
from tfline.metrics.slices import SliceKey, group_rows
from tfline.metrics.statistic import Decision


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """The examples of a block that are in one slice.

    Shapes and types are those of `tfline.metrics.statistic`.

    Attributes:
        key: The slice.
        labels: [n].
        predictions: The predictions of each model, [n] or [n, k].
        rows: int64 [n], their places in the block.
        block_size: Number of examples of the block.
        block_seed: Tells the blocks of an evaluation apart.
        counted: How the examples count.
    """

    key: SliceKey
    labels: Array
    predictions: dict[str, Floats]
    rows: Integers
    block_size: int
    block_seed: tuple[int, int]
    counted: Counted = EACH_FOR_ITSELF

    @property
    def column_of_weights(self) -> Floats | None:
        """The weights as a statistic takes them, float64 [n, 1]; None: all the same."""
        return None if self.counted.weights is None else self.counted.weights[:, None]

    def decision(self, decision: Decision) -> Decision:
        """Returns a decision with what the errors of each example are compared with."""
        of_each = self.counted.naive_errors
        return decision if of_each is None else dataclasses.replace(decision, naive_error=of_each)


class EvaluateFile(beam.DoFn):
    """Predicts the examples of a file, and groups them by slice.

    Args:
        card: What the models predict.
        models: TFMA's name of each model, and the folder of its SavedModel.
        slices: What to slice by, beside the overall slice.
        batch_size: Examples a call of a model.
        counting: What says how examples count; None: all the same, each for itself.
        writes: Whether texts are written; see `Predictor`.
    """

    def __init__(
        self,
        card: ModelCard,
        models: Mapping[str, str],
        slices: Sequence[Cross],
        batch_size: int,
        counting: Counting | None = None,
        *,
        writes: bool = True,
    ) -> None:
        super().__init__()
        self._card = card
        self._models = models
        self._slices = slices
        self._batch_size = batch_size
        self._counting = counting
        self._writes = writes
        self._predictors: dict[str, Predictor] = {}

    def setup(self) -> None:
        """Loads the models, once for each worker."""
        self._predictors = {
            name: Predictor(path, self._card, writes=self._writes)
            for name, path in self._models.items()
        }

    def process(self, file: str) -> Iterator[Group]:
        """Yields the groups of a TFRecord file."""
        features = dict.fromkeys(key for cross in self._slices for by in cross for key in by.keys)
        for block in read_blocks(
            file,
            self._card,
            self._predictors,
            tuple(features),
            self._batch_size,
            self._counting,
        ):
            yield from group_block(block, self._slices)


def group_block(block: Block, slices: Sequence[Cross]) -> Iterator[Group]:
    """Yields the group of the overall slice, then of each other slice of a block."""
    examples = len(block.labels)
    yield _group(block, (), np.arange(examples))
    for cross in slices:
        for key, rows in group_rows(cross, block.columns, examples):
            yield _group(block, key, rows)


def _group(block: Block, key: SliceKey, rows: Integers) -> Group:
    return Group(
        key=key,
        labels=block.labels[rows],
        predictions={name: of_model[rows] for name, of_model in block.predictions.items()},
        rows=rows,
        block_size=len(block.labels),
        block_seed=block.seed,
        counted=block.counted.rows(rows),
    )
