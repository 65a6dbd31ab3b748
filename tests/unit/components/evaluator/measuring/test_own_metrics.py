"""The user's own metrics: found by dotted path, sorted by who computes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import tfx  # noqa: F401 - before TFMA

from tfline.components.evaluator.measuring.own_metrics import load_metric, sort_metrics
from tfline.transforms.errors import SpecError

KERAS = (
    "keras.metrics.AUC",
    "tf_keras.metrics.BinaryAccuracy",
    "tf_keras.losses.Hinge",
)
TFMA = "tensorflow_model_analysis.metrics.calibration.MeanLabel"


@pytest.mark.parametrize("name", [*KERAS, TFMA])
def test_metric_class_is_found_by_its_dotted_path(name: str) -> None:
    assert load_metric(name).__name__ == name.rpartition(".")[2]


def test_only_classes_of_tfma_are_left_to_tfma() -> None:
    assert sort_metrics([KERAS[0], TFMA, *KERAS[1:]], "binary") == (KERAS, (TFMA,))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_project.Cost", "cannot be imported: No module named 'no_project'"),
        ("keras.metrics.NoSuch", "cannot be imported"),
        ("math.pi", "'math.pi' is no metric"),
        ("keras.Model", "'keras.Model' is no metric"),
    ],
)
def test_dotted_path_of_no_metric_is_refused(name: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        sort_metrics([name], "binary")


def test_metric_derived_from_one_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "argmax_metrics.py").write_text(
        "import keras\nclass Mine(keras.metrics.SparseCategoricalAccuracy):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    sort_metrics(["argmax_metrics.Mine"], "multiclass")
    with pytest.raises(SpecError, match="does not fit a binary task: SparseCategoricalAccuracy"):
        sort_metrics(["argmax_metrics.Mine"], "binary")
