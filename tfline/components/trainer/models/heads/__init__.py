"""What a model has to predict: a class a task, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping

from tfline.components.trainer.models.heads.classes import (
    BinaryHead,
    MulticlassHead,
    MultilabelHead,
)
from tfline.components.trainer.models.heads.head import Head
from tfline.components.trainer.models.heads.images import BoxHead, MaskHead
from tfline.components.trainer.models.heads.numbers import ForecastHead, RegressionHead
from tfline.components.trainer.models.heads.text import TextHead
from tfline.transforms.features import Task

HEADS: Mapping[Task, type[Head]] = {
    "binary": BinaryHead,
    "multiclass": MulticlassHead,
    "multilabel": MultilabelHead,
    "regression": RegressionHead,
    "forecast": ForecastHead,
    "text": TextHead,
    "box": BoxHead,
    "mask": MaskHead,
}
"""What a model has to predict for each task."""
