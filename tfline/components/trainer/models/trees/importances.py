"""How much each feature has told a forest."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfline.components.trainer.models.trees.columns import LABEL, Columns, Table

RECORDS = 300
"""So many records of the eval split are explained."""


def measure_importances(
    model: Any, columns: Columns, evaluation: Table
) -> dict[str, dict[str, float]]:
    """Returns the importance of each transformed feature, as a share of all, the largest first.

    Args:
        model: A forest of YDF.
        columns: Its columns.
        evaluation: The eval split.

    Returns:
        By the name of the measure: ``shap``, the mean of |SHAP value| over records of the eval
        split (Lundberg et al. 2020, TreeSHAP), of several classes summed; ``gain``, what the
        splits by a feature have gained in training (Breiman et al. 1984).
    """
    records = {name: x[:RECORDS] for name, x in evaluation.items() if name != LABEL}
    values, _ = model.predict_shap(records)
    shap = {
        name: np.abs(total).mean(axis=0).sum() for name, total in columns.by_feature(values).items()
    }
    scores = model.variable_importances().get("SUM_SCORE", ())
    gain = columns.by_feature({name: np.asarray(score) for score, name in scores})
    return {"shap": _shares(shap), "gain": _shares(gain)}


def _shares(values: dict[str, Any]) -> dict[str, float]:
    total = float(sum(values.values())) or 1.0
    shares = {name: float(value) / total for name, value in values.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1], item[0])))
