"""The Beam side of an analysis: one combiner for all statistics of a pass."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tensorflow_transform.beam.experimental import PTransformAnalyzer

from tfline.transforms.analysis.reducer import Array, FileReducer, NumberReducer, Reducer, Shape

Batch = tuple[Array, ...]
States = list[Any]


class AnalyzeNumbers(beam.PTransform):
    """From batches to one float64 vector with all answers, one after the other.

    Args:
        reducers: The statistics.
        widths: How many arrays of a batch each takes.
        shapes: The shape of a row, for each.
    """

    def __init__(
        self, reducers: Sequence[NumberReducer], widths: Sequence[int], shapes: Sequence[Shape]
    ) -> None:
        super().__init__()
        self._reducers = reducers
        self._widths = widths
        self._shapes = shapes

    def expand(self, batches: beam.PCollection[Batch]) -> beam.PCollection[Array]:
        """Builds the stages."""
        states = batches | "Reduce" >> beam.CombineGlobally(_Reduce(self._reducers, self._widths))
        return states | "Finish" >> beam.Map(_finish_numbers, self._reducers, self._shapes)


class AnalyzeFiles(PTransformAnalyzer):
    """From batches to the path of a text file for each statistic.

    Args:
        reducers: The statistics.
        widths: How many arrays of a batch each takes.
    """

    def __init__(self, reducers: Sequence[FileReducer], widths: Sequence[int]) -> None:
        super().__init__()
        self._reducers = reducers
        self._widths = widths

    def expand(self, batches: beam.PCollection[Batch]) -> tuple[beam.PCollection[Array], ...]:
        """Builds the stages."""
        tags = [f"file_{index}" for index in range(len(self._reducers))]
        states = batches | "Reduce" >> beam.CombineGlobally(_Reduce(self._reducers, self._widths))
        written = states | "Finish" >> beam.FlatMap(
            _finish_files, self._reducers, tags, self.base_temp_dir
        ).with_outputs(*tags)
        return tuple(written[tag] for tag in tags)


class _Reduce(beam.CombineFn):
    """Runs several reducers side by side, each on its own arrays of a batch."""

    def __init__(self, reducers: Sequence[Reducer], widths: Sequence[int]) -> None:
        self._reducers = reducers
        ends = np.cumsum(widths).tolist()
        self._slices = [slice(e - w, e) for e, w in zip(ends, widths, strict=True)]

    def create_accumulator(self) -> States:
        return [reducer.start() for reducer in self._reducers]

    def add_input(self, states: States, batch: Batch) -> States:
        return [
            reducer.add(state, *batch[arrays])
            for reducer, state, arrays in zip(self._reducers, states, self._slices, strict=True)
        ]

    def merge_accumulators(self, several: Iterable[States]) -> States:
        merged = self.create_accumulator()
        for states in several:
            merged = [
                reducer.merge(*pair)
                for reducer, *pair in zip(self._reducers, merged, states, strict=True)
            ]
        return merged

    def extract_output(self, states: States) -> States:
        return states


def _finish_numbers(
    states: States, reducers: Sequence[NumberReducer], shapes: Sequence[Shape]
) -> Array:
    answers = [
        answer.ravel()
        for reducer, state, shape in zip(reducers, states, shapes, strict=True)
        for answer in reducer.finish(state, shape)
    ]
    return np.concatenate(answers).astype(np.float64)


def _finish_files(
    states: States, reducers: Sequence[FileReducer], tags: Sequence[str], folder: str
) -> Iterator[beam.pvalue.TaggedOutput]:
    tf.io.gfile.makedirs(folder)
    for reducer, state, tag in zip(reducers, states, tags, strict=True):
        path = os.path.join(folder, uuid.uuid4().hex)
        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(b"\n".join(reducer.finish(state)))
        yield beam.pvalue.TaggedOutput(tag, np.array(path.encode(), dtype=object))
