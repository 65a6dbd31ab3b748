"""How much each feature has told a forest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfline.components.trainer.models.trees.columns import LABEL, Columns, Table

RECORDS = 300
"""So many records of the eval split are explained."""


def measure_importances(
    model: Any,
    columns: Columns,
    evaluation: Table,
    explain: Callable[[Table], Mapping[str, npt.NDArray[Any]]],
) -> dict[str, dict[str, float]]:
    """Returns the importance of each transformed feature, as a share of all, the largest first.

    Args:
        model: A forest of YDF.
        columns: Its columns.
        evaluation: The eval split.
        explain: From columns, [n] each, to what each feature has added, [n, numbers]: used where
            YDF cannot tell.

    Returns:
        By the name of the measure: ``shap``, the mean of |SHAP value| over records of the eval
        split (Lundberg et al. 2020, TreeSHAP), of several classes summed, or of the class that is
        decided for; ``gain``, what the splits by a feature have gained in training (Breiman et al.
        1984).
    """
    records = {name: x[:RECORDS] for name, x in evaluation.items() if name != LABEL}
    by_feature: Mapping[str, npt.NDArray[Any]]
    try:
        values, _ = model.predict_shap(records)
        by_feature = columns.by_feature(values)
    except ValueError:  # YDF refuses trees with a node that no weight has gone to
        by_feature = explain(records)
    shap = {name: np.abs(total).mean(axis=0).sum() for name, total in by_feature.items()}
    scores = model.variable_importances().get("SUM_SCORE", ())
    gain = columns.by_feature({name: np.asarray(score) for score, name in scores})
    return {"shap": _shares(shap), "gain": _shares(gain)}


def _shares(values: dict[str, Any]) -> dict[str, float]:
    total = float(sum(values.values())) or 1.0
    shares = {name: float(value) / total for name, value in values.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
