"""What a model says about a row."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from tfline.serving.errors import RequestError
from tfline.serving.protos import predict_pb2, tensor_pb2

_LABEL, _PROBABILITIES, _CLASSES, _VALUE = "label", "probabilities", "classes", "prediction"
_DECISIONS = "decisions"
_SEQUENCES, _SCORES = "sequences", "scores"
_BOX, _MASK, _IMAGE = "box", "mask", "image"
_DEVIATION = "standard_deviation"
_ATTRIBUTIONS, _FEATURES, _UNIT = "attributions", "features", "unit"
_BASELINE, _SCORE = "baseline", "score"
_QUANTILES, _LEVELS = "quantiles", "levels"

Outputs = Mapping[str, tensor_pb2.TensorProto]
"""The outputs of a signature by their names."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Explanation:
    """What led to an answer.

    Attributes:
        attributions: Raw feature to what it has added to the score; of an answer of several
            numbers, to each of them.
        baseline: What is added to: the score of the average record.
        score: The sum of all of it.
        unit: What a score is, in words, such as ``log-odds``.
    """

    attributions: Mapping[str, float | tuple[float, ...]]
    baseline: float | tuple[float, ...]
    score: float | tuple[float, ...]
    unit: str


@dataclass(frozen=True)
class Prediction:
    """The answer for one row.

    Attributes:
        label: The most probable class; None if there is not one of them.
        labels: The classes that a record is of, if it may be of several.
        probabilities: Class to probability; empty for numbers.
        value: The predicted number; None if there is not one of them.
        values: The predicted numbers: the outputs of a regression, the steps of a forecast.
        texts: The texts that were written, the best first.
        scores: The logarithm of the probability of each, divided by its length penalty; empty for
            texts that were drawn.
        box: Where what is of the class is: top, left, bottom and right, in shares of the image.
        mask: The index of the class of each pixel, row by row.
        image: The numbers of each row of an image, from 0 to 1, those of a pixel side by side.
        quantiles: Level to the quantile of the number, or of each of `values`: of a model that was
            trained to predict quantiles.
        deviations: The standard deviation, under dropout, of the number, of each of `values`, or
            of each of `probabilities`; empty unless it was asked for.
        explanation: What led to the answer, if that was asked for.
    """

    label: str | None = None
    labels: tuple[str, ...] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    value: float | None = None
    values: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    box: tuple[float, ...] = ()
    mask: tuple[tuple[int, ...], ...] = ()
    image: tuple[tuple[float, ...], ...] = ()
    quantiles: Mapping[float, tuple[float, ...]] = field(default_factory=dict)
    deviations: tuple[float, ...] = ()
    explanation: Explanation | None = None

    def intervals(self, confidence: float = 0.95) -> tuple[tuple[float, float], ...]:
        """Returns where each number, or each probability, lies under dropout, as (low, high).

        Args:
            confidence: How many of the models that dropout makes are between the two, were they
                spread as a normal distribution. The report says how many labels are.

        Raises:
            ValueError: There are no `deviations`, or the confidence is not between 0 and 1.
        """
        if not self.deviations:
            raise ValueError("The prediction has no deviations; ask for them by `monte_carlo`")
        reach = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
        alone = () if self.value is None else (self.value,)
        middles = alone or self.values or tuple(self.probabilities.values())
        return tuple(
            (middle - reach * deviation, middle + reach * deviation)
            for middle, deviation in zip(middles, self.deviations, strict=True)
        )


def predictions(response: predict_pb2.PredictResponse) -> list[Prediction]:
    """Returns the answers of ``serving_default``, ``sample``, ``monte_carlo`` or ``explain``.

    Args:
        response: ``label`` string [N], ``probabilities`` float [N, k] and ``classes`` string
            [N, k]; ``decisions`` int64 [N, k] in place of ``label`` where a record may be of
            several classes, with ``box`` float [N, 4] where it is also told where that is;
            ``prediction`` float [N] or [N, n], with ``quantiles`` [N, q] or [N, n, q] and their
            ``levels`` [N, q] where an interval is predicted; ``sequences`` string and ``scores``
            float, both [N, k], or ``sequences`` [N] alone; ``mask`` int64 [N, height, width]; or
            ``image`` float [N, height, width, channels].
            Numbers and probabilities may have a ``standard_deviation`` of their shape.
            Of ``explain`` also ``features`` and ``unit`` string, [N, f] and [N], and float
            ``attributions`` [N, f], ``baseline`` and ``score`` [N], with a last axis of several
            numbers.

    Raises:
        RequestError: If the outputs are others.
    """
    for name, read in _READERS.items():
        if name in response.outputs and _NEEDED[name] <= set(response.outputs):
            found = _with_deviations(read(response.outputs), response.outputs)
            return _explained(found, response.outputs)
    raise RequestError(
        f"The model's outputs are {sorted(response.outputs)}. Expected '{_VALUE}', or "
        f"'{_LABEL}' (or '{_DECISIONS}'), '{_PROBABILITIES}' and '{_CLASSES}', or "
        f"'{_SEQUENCES}', '{_MASK}' or '{_IMAGE}'",
        where=f"model '{response.model_spec.name}' version {response.model_spec.version.value}",
        hint="Export the model with tfline's signatures, or use the gRPC API directly.",
    )


def _with_deviations(found: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns predictions with their standard deviations, if the model told them."""
    if _DEVIATION not in outputs:
        return found
    deviations = _rows(_floats(outputs[_DEVIATION]), len(found))
    return [replace(one, deviations=its) for one, its in zip(found, deviations, strict=True)]


def _explained(answers: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns the answers with their explanations, if there are some."""
    if not {_ATTRIBUTIONS, _FEATURES, _BASELINE, _SCORE, _UNIT} <= set(outputs):
        return answers
    count = len(answers)
    is_one = len(outputs[_SCORE].tensor_shape.dim) == 1
    names, units = _rows(_strings(outputs[_FEATURES]), count), _strings(outputs[_UNIT])
    added = _rows(_floats(outputs[_ATTRIBUTIONS]), count)
    begins = _rows(_floats(outputs[_BASELINE]), count)
    sums = _rows(_floats(outputs[_SCORE]), count)

    def plain(numbers: tuple[float, ...]) -> float | tuple[float, ...]:
        return numbers[0] if is_one else numbers

    return [
        replace(
            answer,
            explanation=Explanation(
                {
                    name: plain(part)
                    for name, part in zip(
                        names[row], _rows(added[row], len(names[row])), strict=True
                    )
                },
                plain(begins[row]),
                plain(sums[row]),
                units[row],
            ),
        )
        for row, answer in enumerate(answers)
    ]


def _read_numbers(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_VALUE]
    numbers, sizes = _floats(tensor), [dim.size for dim in tensor.tensor_shape.dim]
    count = sizes[0] if sizes else len(numbers)
    quantiles = _quantiles(outputs, count)
    if len(sizes) < 2:
        return [
            Prediction(value=value, quantiles=its)
            for value, its in zip(numbers, quantiles, strict=True)
        ]
    return [
        Prediction(values=row, quantiles=its)
        for row, its in zip(_rows(numbers, count), quantiles, strict=True)
    ]


def _quantiles(outputs: Outputs, count: int) -> list[dict[float, tuple[float, ...]]]:
    """Returns level to quantiles for each of `count` records; empty where none are predicted."""
    if not {_QUANTILES, _LEVELS} <= set(outputs):
        return [{} for _ in range(count)]
    levels = _rows(_floats(outputs[_LEVELS]), count)
    values = _rows(_floats(outputs[_QUANTILES]), count)  # those of a number side by side
    return [
        {round(level, 6): row[place :: len(its)] for place, level in enumerate(its)}
        for its, row in zip(levels, values, strict=True)
    ]


def _read_label(outputs: Outputs) -> list[Prediction]:
    labels = _strings(outputs[_LABEL])
    return [
        Prediction(label=label, probabilities=probabilities)
        for label, probabilities in zip(labels, _probabilities(outputs, len(labels)), strict=True)
    ]


def _read_decisions(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_DECISIONS]
    count = tensor.tensor_shape.dim[0].size
    return [
        Prediction(
            labels=tuple(name for name, is_one in zip(named, row, strict=True) if is_one),
            probabilities=named,
        )
        for named, row in zip(
            _probabilities(outputs, count), _rows(_integers(tensor), count), strict=True
        )
    ]


def _read_texts(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_SEQUENCES]
    count = tensor.tensor_shape.dim[0].size
    texts = _rows(_strings(tensor), count)
    scores = _rows(_floats(outputs[_SCORES]) if _SCORES in outputs else [], count)
    return [Prediction(texts=of_row, scores=its) for of_row, its in zip(texts, scores, strict=True)]


def _read_boxes(outputs: Outputs) -> list[Prediction]:
    labels = _read_label(outputs)
    boxes = _rows(_floats(outputs[_BOX]), len(labels))
    return [replace(label, box=box) for label, box in zip(labels, boxes, strict=True)]


def _read_masks(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_MASK]
    count, height, _ = (dim.size for dim in tensor.tensor_shape.dim)
    masks = _rows(_integers(tensor), count)
    return [Prediction(mask=tuple(_rows(mask, height))) for mask in masks]


def _read_images(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_IMAGE]
    count, height, *_ = (dim.size for dim in tensor.tensor_shape.dim)
    images = _rows(_floats(tensor), count)
    return [Prediction(image=tuple(_rows(image, height))) for image in images]


_READERS: Mapping[str, Callable[[Outputs], list[Prediction]]] = {
    _VALUE: _read_numbers,
    _BOX: _read_boxes,
    _LABEL: _read_label,
    _DECISIONS: _read_decisions,
    _SEQUENCES: _read_texts,
    _MASK: _read_masks,
    _IMAGE: _read_images,
}
"""What to read answers with, by the output that tells."""

_NEEDED = {
    _VALUE: frozenset[str](),
    _LABEL: frozenset({_PROBABILITIES, _CLASSES}),
    _DECISIONS: frozenset({_PROBABILITIES, _CLASSES}),
    _SEQUENCES: frozenset[str](),
    _BOX: frozenset({_LABEL, _PROBABILITIES, _CLASSES}),
    _MASK: frozenset[str](),
    _IMAGE: frozenset[str](),
}
"""What has to be there beside it."""


def _probabilities(outputs: Outputs, count: int) -> list[dict[str, float]]:
    """Returns the probability of each class, for each of `count` records."""
    names = _rows(_strings(outputs[_CLASSES]), count)
    values = _rows(_floats(outputs[_PROBABILITIES]), count)
    return [dict(zip(*row, strict=True)) for row in zip(names, values, strict=True)]


def _rows(values: Sequence[Value], count: int) -> list[tuple[Value, ...]]:
    """Cuts values into `count` rows of equal width."""
    width = len(values) // max(1, count)
    return [tuple(values[row * width : (row + 1) * width]) for row in range(count)]


def _floats(tensor: tensor_pb2.TensorProto) -> Sequence[float]:
    if tensor.tensor_content:
        return memoryview(tensor.tensor_content).cast("f").tolist()
    return list(tensor.float_val)


def _integers(tensor: tensor_pb2.TensorProto) -> Sequence[int]:
    if tensor.tensor_content:
        return memoryview(tensor.tensor_content).cast("q").tolist()
    return list(tensor.int64_val)


def _strings(tensor: tensor_pb2.TensorProto) -> list[str]:
    return [value.decode(errors="replace") for value in tensor.string_val]
