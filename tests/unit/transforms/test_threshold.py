"""The line of text that a served model decides by."""

from __future__ import annotations

import pytest

from tfline.transforms.threshold import DEFAULT, read_threshold, threshold_text


@pytest.mark.parametrize("threshold", [0.0, 0.3123456716537476, 1.0])
def test_threshold_survives_its_text(threshold: float) -> None:
    assert read_threshold(lambda: threshold_text(threshold)) == threshold


def test_model_without_a_threshold_decides_by_the_usual_one() -> None:
    def missing() -> str:
        raise FileNotFoundError

    assert read_threshold(missing) == DEFAULT


@pytest.mark.parametrize("text", ["", "0.5", "other\t0.5", "threshold\tmuch"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expected|could not convert"):
        read_threshold(lambda: text)
