"""The most probable classes beside an answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tensorflow as tf

from tfline.components.trainer.config import RunConfig
from tfline.components.trainer.export import export
from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.top_classes import check_top, with_top
from tfline.tasks.table import TASKS
from tfline.transforms.errors import SpecError

if TYPE_CHECKING:
    from tests.unit.components.trainer.conftest import Case


def test_classes_are_ordered_by_their_probability() -> None:
    answer = {
        "probabilities": tf.constant([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]),
        "classes": tf.constant([["a", "b", "c"]] * 2),
    }
    told = with_top(answer, 2)
    assert told["top_classes"].numpy().tolist() == [[b"b", b"c"], [b"a", b"c"]]
    np.testing.assert_allclose(told["top_probabilities"], [[0.5, 0.3], [0.6, 0.3]])
    assert told["probabilities"] is answer["probabilities"]


@pytest.mark.parametrize("task", ["regression", "multilabel", "box", "text"])
def test_label_that_is_not_one_class_is_refused(task: str) -> None:
    with pytest.raises(SpecError, match=f"A {task} label has no most probable classes"):
        check_top(3, TASKS[task], None)


def test_more_classes_than_there_are_are_refused() -> None:
    for task in ("multiclass", "ordinal"):
        check_top(2, TASKS[task], ("a", "b"))
    with pytest.raises(SpecError, match=r"There are 2 classes\. Received: top_k=3"):
        check_top(3, None, ("a", "b"))


def test_exported_model_tells_them_in_each_signature(
    cases: dict[str, Case], tmp_path: Path
) -> None:
    case = cases["multiclass"]
    graph = case.graph()
    model = build_model("mlp", {"dropout": 0.5}, graph.features, graph.head)
    config = {"pipeline": "p", "model": {"name": "mlp"}, "training_fingerprint": "", "top_k": 2,
              "train": {"monte_carlo": 3}}  # fmt: skip
    folder = str(tmp_path / "model")
    export(model, graph, graph.head, RunConfig.model_validate(config), folder)
    signatures = tf.saved_model.load(folder).signatures
    for name in ("serving_default", "monte_carlo"):
        answer = signatures[name](examples=tf.constant(case.examples[:5]))
        order = np.argsort(-answer["probabilities"].numpy(), axis=1, kind="stable")[:, :2]
        expected = np.take_along_axis(answer["classes"].numpy(), order, axis=1)
        np.testing.assert_array_equal(answer["top_classes"], expected)
        np.testing.assert_array_equal(answer["top_classes"][:, 0], answer["label"])
