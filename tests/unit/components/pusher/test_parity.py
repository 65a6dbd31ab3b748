"""Two answers are the same within the tolerance, or the error names the place."""

from __future__ import annotations

import numpy as np
import pytest

from tfline.components.pusher.parity import TOLERANCE, Outputs, largest_difference
from tfline.transforms.errors import PushError

EXPECTED: Outputs = {
    "label": np.array([b"no", b"yes"], dtype=object),
    "probabilities": np.array([[0.75, 0.25], [0.5, 0.5]], dtype=np.float32),
}


def changed(name: str, place: object, value: object) -> Outputs:
    outputs = {key: values.copy() for key, values in EXPECTED.items()}
    outputs[name][place] = value
    return outputs


def test_same_answers_differ_by_nothing() -> None:
    assert largest_difference(EXPECTED, EXPECTED, "over gRPC") == 0.0


def test_small_difference_is_measured() -> None:
    found = changed("probabilities", (1, 0), 0.5 + 2**-16)
    assert largest_difference(EXPECTED, found, "over gRPC") == 2**-16


def test_large_numbers_are_compared_relatively() -> None:
    expected = {"prediction": np.array([1e6, -2e6], dtype=np.float32)}
    found = {"prediction": np.array([1e6, -2e6 - 20], dtype=np.float32)}
    assert largest_difference(expected, found, "over REST") == pytest.approx(1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_the_same_as_itself_alone(value: float) -> None:
    odd = {"prediction": np.array([1.0, value], dtype=np.float32)}
    plain = {"prediction": np.array([1.0, 2.0], dtype=np.float32)}
    assert largest_difference(odd, odd, "over gRPC") == 0.0
    for expected, found in ((odd, plain), (plain, odd)):
        with pytest.raises(PushError, match="Record 1 gets another answer"):
            largest_difference(expected, found, "over gRPC")


def test_number_beyond_the_tolerance_is_named_with_its_record_and_place() -> None:
    found = changed("probabilities", (0, 1), 0.25 + 2 * TOLERANCE)
    with pytest.raises(PushError) as caught:
        largest_difference(EXPECTED, found, "over REST")
    assert caught.value.message == (
        "Record 0 gets another answer over REST: output 'probabilities'[1] is 0.2502, "
        "in process 0.25"
    )
    assert caught.value.where == "record 0 of the eval split, counted from 0"


def test_other_text_is_named() -> None:
    with pytest.raises(PushError, match=r"Record 1 .*: feature 'label' is 'no', in process 'yes'"):
        largest_difference(EXPECTED, changed("label", 1, b"no"), "over gRPC", "feature")


def test_other_outputs_and_shapes_are_refused() -> None:
    with pytest.raises(PushError, match=r"other outputs over gRPC: \['label'\]"):
        largest_difference(EXPECTED, {"label": EXPECTED["label"]}, "over gRPC")
    short = {key: values[:1] for key, values in EXPECTED.items()}
    with pytest.raises(PushError, match=r"'label' has another shape over gRPC: \[1\]"):
        largest_difference(EXPECTED, short, "over gRPC")


def test_features_without_values_are_the_same() -> None:
    empty = {"x": np.zeros((2, 0), np.float32)}
    assert largest_difference(empty, empty, "over gRPC") == 0.0
