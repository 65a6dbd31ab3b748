"""Answers what all transforms ask of the train split, in as few passes over it as possible.

A transform is a generator where it needs a statistic:

    mean, deviation = yield Request(Moments(), x)

What all features ask for before any of them can go on is answered together, by one analyzer of
TensorFlow Transform: building and running the many stages of an analyzer is what an analysis
spends its time on, so that twenty statistics take little more of it than one.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tfline.transforms.analysis.reducer import FileReducer, NumberReducer, Reducer, Shape
from tfline.transforms.analysis.terms import SEPARATOR
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
    import tensorflow_transform as tft
else:
    tf = lazy_import("tensorflow")
    tft = lazy_import("tensorflow_transform")

T = TypeVar("T")
ReducerT = TypeVar("ReducerT", bound=Reducer)


class Request(Generic[ReducerT]):
    """What a transform asks of the train split.

    Its answer is a list of float64 tensors for a `NumberReducer`, and the path of a text file,
    string [], for a `FileReducer`.

    Args:
        reducer: The statistic.
        tensors: What it is of, [batch, ...].
    """

    def __init__(self, reducer: ReducerT, *tensors: tf.Tensor) -> None:
        self.reducer = reducer
        self.tensors = tensors

    @property
    def shape(self) -> Shape:
        """The shape of a row of the first tensor."""
        return tuple(self.tensors[0].shape[1:])


Analysis = Generator[Request, Any, T]
"""What a transform returns that needs statistics: it yields requests, and returns its result."""


def run_together(analyses: Sequence[Analysis[T]]) -> list[T]:
    """Runs generators side by side, answering their requests round by round.

    Args:
        analyses: Each yields `Request` objects and returns a result.

    Returns:
        The results.
    """
    results: dict[int, T] = {}
    answers: dict[int, Any] = dict.fromkeys(range(len(analyses)))
    while answers:
        requests: dict[int, Request] = {}
        for index, answer in answers.items():
            try:
                requests[index] = analyses[index].send(answer)
            except StopIteration as stop:
                results[index] = stop.value
        answers = dict(zip(requests, _answer([*requests.values()]), strict=True))
    return [results[index] for index in range(len(analyses))]


def _answer(requests: Sequence[Request]) -> list[Any]:
    """Returns the answers to requests, in one analyzer for numbers and one for files."""
    numbers = [index for index, r in enumerate(requests) if isinstance(r.reducer, NumberReducer)]
    files = [index for index in range(len(requests)) if index not in set(numbers)]
    answers: dict[int, Any] = {}
    if numbers:
        answers.update(zip(numbers, _numbers([requests[i] for i in numbers]), strict=True))
    if files:
        answers.update(zip(files, _files([requests[i] for i in files]), strict=True))
    return [answers[index] for index in range(len(requests))]


def _numbers(requests: Sequence[Request[NumberReducer]]) -> list[list[tf.Tensor]]:
    """Returns the answers, which come back in one vector."""
    from tfline.transforms.analysis.beam import AnalyzeNumbers

    shapes = [request.reducer.shapes(request.shape) for request in requests]
    sizes = [math.prod(shape) for answers in shapes for shape in answers]
    [vector] = tft.experimental.ptransform_analyzer(
        _tensors(requests),
        AnalyzeNumbers(
            [request.reducer for request in requests],
            [len(request.tensors) for request in requests],
            [request.shape for request in requests],
        ),
        output_dtypes=[tf.float64],
        output_shapes=[[sum(sizes)]],
    )
    parts = iter(tf.split(vector, sizes))
    return [[tf.reshape(next(parts), shape) for shape in answers] for answers in shapes]


def _files(requests: Sequence[Request[FileReducer]]) -> list[tf.Tensor]:
    from tfline.transforms.analysis.beam import AnalyzeFiles

    paths: list[tf.Tensor] = tft.experimental.ptransform_analyzer(
        _tensors(requests),
        AnalyzeFiles(
            [request.reducer for request in requests],
            [len(request.tensors) for request in requests],
        ),
        output_dtypes=[tf.string] * len(requests),
        output_shapes=[[]] * len(requests),
        output_asset_default_values=[f"term{SEPARATOR}1".encode()] * len(requests),
    )
    return list(paths)


def _tensors(requests: Sequence[Request]) -> list[tf.Tensor]:
    return [tensor for request in requests for tensor in request.tensors]
