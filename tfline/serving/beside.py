"""What a model may tell beside its answers: how sure it is, what else is possible, and why."""

from __future__ import annotations

from dataclasses import replace

from tfline.serving.prediction import Explanation, Prediction
from tfline.serving.tensors import Outputs, floats, integers, rows, strings

_DEVIATION, _LOWER, _UPPER, _SET = "standard_deviation", "lower", "upper", "prediction_set"
_ATTRIBUTIONS, _FEATURES, _UNIT = "attributions", "features", "unit"
_TOP, _TOP_PROBABILITIES = "top_classes", "top_probabilities"
_BASELINE, _SCORE = "baseline", "score"


def add_beside(found: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns predictions with whatever else the model has told of them."""
    told = _with_top(_with_deviations(found, outputs), outputs)
    return _explained(_bounded(told, outputs), outputs)


def _with_top(found: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns predictions with the most probable classes, if the model told them."""
    if not {_TOP, _TOP_PROBABILITIES} <= set(outputs):
        return found
    names = rows(strings(outputs[_TOP]), len(found))
    values = rows(floats(outputs[_TOP_PROBABILITIES]), len(found))
    return [
        replace(one, top=tuple(zip(*its, strict=True)))
        for one, *its in zip(found, names, values, strict=True)
    ]


def _with_deviations(found: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns predictions with their standard deviations, if the model told them."""
    if _DEVIATION not in outputs:
        return found
    deviations = rows(floats(outputs[_DEVIATION]), len(found))
    return [replace(one, deviations=its) for one, its in zip(found, deviations, strict=True)]


def _bounded(found: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns predictions with what else is possible, if the model told it."""
    count = len(found)
    if {_LOWER, _UPPER} <= set(outputs):
        lower, upper = (rows(floats(outputs[name]), count) for name in (_LOWER, _UPPER))
        return [
            replace(one, bounds=tuple(zip(*ends, strict=True)))
            for one, *ends in zip(found, lower, upper, strict=True)
        ]
    if _SET not in outputs:
        return found
    return [
        replace(
            one,
            prediction_set=tuple(
                name for name, among in zip(one.probabilities, flags, strict=True) if among
            ),
        )
        for one, flags in zip(found, rows(integers(outputs[_SET]), count), strict=True)
    ]


def _explained(answers: list[Prediction], outputs: Outputs) -> list[Prediction]:
    """Returns the answers with their explanations, if there are some."""
    if not {_ATTRIBUTIONS, _FEATURES, _BASELINE, _SCORE, _UNIT} <= set(outputs):
        return answers
    count = len(answers)
    is_one = len(outputs[_SCORE].tensor_shape.dim) == 1
    names, units = rows(strings(outputs[_FEATURES]), count), strings(outputs[_UNIT])
    added = rows(floats(outputs[_ATTRIBUTIONS]), count)
    begins = rows(floats(outputs[_BASELINE]), count)
    sums = rows(floats(outputs[_SCORE]), count)

    def plain(numbers: tuple[float, ...]) -> float | tuple[float, ...]:
        return numbers[0] if is_one else numbers

    return [
        replace(
            answer,
            explanation=Explanation(
                {
                    name: plain(part)
                    for name, part in zip(
                        names[row], rows(added[row], len(names[row])), strict=True
                    )
                },
                plain(begins[row]),
                plain(sums[row]),
                units[row],
            ),
        )
        for row, answer in enumerate(answers)
    ]
