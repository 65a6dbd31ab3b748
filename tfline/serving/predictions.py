"""What a model says about a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tfline.serving.beside import add_beside
from tfline.serving.errors import RequestError
from tfline.serving.prediction import DetectedObject, Prediction
from tfline.serving.protos import predict_pb2
from tfline.serving.tensors import Outputs, floats, integers, rows, strings

_LABEL, _PROBABILITIES, _CLASSES, _VALUE = "label", "probabilities", "classes", "prediction"
_DECISIONS = "decisions"
_SEQUENCES, _SCORES = "sequences", "scores"
_BOX, _MASK, _IMAGE = "box", "mask", "image"
_COUNT, _BOXES, _INDICES = "num_detections", "detection_boxes", "detection_classes"
_SURE = "detection_scores"
_QUANTILES, _LEVELS = "quantiles", "levels"


def predictions(response: predict_pb2.PredictResponse) -> list[Prediction]:
    """Returns the answers of ``serving_default``, ``sample``, ``monte_carlo`` or ``explain``.

    Args:
        response: ``label`` string [N], ``probabilities`` float [N, k] and ``classes`` string
            [N, k]; ``decisions`` int64 [N, k] in place of ``label`` where a record may be of
            several classes, with ``box`` float [N, 4] where it is also told where that is;
            ``prediction`` float [N] or [N, n], with ``quantiles`` [N, q] or [N, n, q] and their
            ``levels`` [N, q] where an interval is predicted; ``sequences`` string and ``scores``
            float, both [N, k], or ``sequences`` [N] alone; ``mask`` int64 [N, height, width];
            ``image`` float [N, height, width, channels]; or ``num_detections`` int64 [N], with
            ``detection_boxes`` float [N, m, 4], ``detection_scores`` float [N, m] and
            ``detection_classes`` int64 [N, m], which are indices of ``classes``.
            With intervals also ``lower`` and ``upper`` of the shape of ``prediction``, or
            ``prediction_set`` int64 [N, k]. Of classes also ``top_classes`` string and
            ``top_probabilities`` float, [N, m].
            Numbers and probabilities may have a ``standard_deviation`` of their shape.
            Of ``explain`` also ``features`` and ``unit`` string, [N, f] and [N], and float
            ``attributions`` [N, f], ``baseline`` and ``score`` [N], with a last axis of several
            numbers.

    Raises:
        RequestError: If the outputs are others.
    """
    for name, read in _READERS.items():
        if name in response.outputs and _NEEDED[name] <= set(response.outputs):
            return add_beside(read(response.outputs), response.outputs)
    raise RequestError(
        f"The model's outputs are {sorted(response.outputs)}. Expected '{_VALUE}', or "
        f"'{_LABEL}' (or '{_DECISIONS}'), '{_PROBABILITIES}' and '{_CLASSES}', or "
        f"'{_SEQUENCES}', '{_MASK}', '{_IMAGE}' or '{_COUNT}'",
        where=f"model '{response.model_spec.name}' version {response.model_spec.version.value}",
        hint="Export the model with tfline's signatures, or use the gRPC API directly.",
    )


def _read_numbers(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_VALUE]
    numbers, sizes = floats(tensor), [dim.size for dim in tensor.tensor_shape.dim]
    count = sizes[0] if sizes else len(numbers)
    quantiles = _quantiles(outputs, count)
    if len(sizes) < 2:
        return [
            Prediction(value=value, quantiles=its)
            for value, its in zip(numbers, quantiles, strict=True)
        ]
    return [
        Prediction(values=row, quantiles=its)
        for row, its in zip(rows(numbers, count), quantiles, strict=True)
    ]


def _quantiles(outputs: Outputs, count: int) -> list[dict[float, tuple[float, ...]]]:
    """Returns level to quantiles for each of `count` records; empty where none are predicted."""
    if not {_QUANTILES, _LEVELS} <= set(outputs):
        return [{} for _ in range(count)]
    levels = rows(floats(outputs[_LEVELS]), count)
    values = rows(floats(outputs[_QUANTILES]), count)  # those of a number side by side
    return [
        {round(level, 6): row[place :: len(its)] for place, level in enumerate(its)}
        for its, row in zip(levels, values, strict=True)
    ]


def _read_label(outputs: Outputs) -> list[Prediction]:
    labels = strings(outputs[_LABEL])
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
            _probabilities(outputs, count), rows(integers(tensor), count), strict=True
        )
    ]


def _read_texts(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_SEQUENCES]
    count = tensor.tensor_shape.dim[0].size
    texts = rows(strings(tensor), count)
    scores = rows(floats(outputs[_SCORES]) if _SCORES in outputs else [], count)
    return [Prediction(texts=of_row, scores=its) for of_row, its in zip(texts, scores, strict=True)]


def _read_boxes(outputs: Outputs) -> list[Prediction]:
    labels = _read_label(outputs)
    boxes = rows(floats(outputs[_BOX]), len(labels))
    return [replace(label, box=box) for label, box in zip(labels, boxes, strict=True)]


def _read_masks(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_MASK]
    count, height, _ = (dim.size for dim in tensor.tensor_shape.dim)
    masks = rows(integers(tensor), count)
    return [Prediction(mask=tuple(rows(mask, height))) for mask in masks]


def _read_images(outputs: Outputs) -> list[Prediction]:
    tensor = outputs[_IMAGE]
    count, height, *_ = (dim.size for dim in tensor.tensor_shape.dim)
    images = rows(floats(tensor), count)
    return [Prediction(image=tuple(rows(image, height))) for image in images]


def _read_objects(outputs: Outputs) -> list[Prediction]:
    counts = integers(outputs[_COUNT])
    many = len(counts)
    columns = zip(
        counts,
        rows(integers(outputs[_INDICES]), many),
        rows(floats(outputs[_SURE]), many),
        rows(floats(outputs[_BOXES]), many),
        rows(strings(outputs[_CLASSES]), many),
        strict=True,
    )
    found = []
    for count, classes, scores, sides, names in columns:
        objects = (
            DetectedObject(names[index], score, sides[4 * place : 4 * place + 4])
            for place, (index, score) in enumerate(zip(classes[:count], scores, strict=False))
        )
        found.append(Prediction(objects=tuple(objects)))
    return found


_READERS: Mapping[str, Callable[[Outputs], list[Prediction]]] = {
    _VALUE: _read_numbers,
    _BOX: _read_boxes,
    _LABEL: _read_label,
    _DECISIONS: _read_decisions,
    _SEQUENCES: _read_texts,
    _MASK: _read_masks,
    _IMAGE: _read_images,
    _COUNT: _read_objects,
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
    _COUNT: frozenset({_BOXES, _INDICES, _SURE, _CLASSES}),
}
"""What has to be there beside it."""


def _probabilities(outputs: Outputs, count: int) -> list[dict[str, float]]:
    """Returns the probability of each class, for each of `count` records."""
    names = rows(strings(outputs[_CLASSES]), count)
    values = rows(floats(outputs[_PROBABILITIES]), count)
    return [dict(zip(*row, strict=True)) for row in zip(names, values, strict=True)]
