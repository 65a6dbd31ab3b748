"""Loads a SavedModel, with the operators that TensorFlow does not have and a model may need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfline.serving.wheels import find_wheel, missing_operator
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = lazy_import("tensorflow")


def load_saved_model(folder: str) -> Any:
    """Loads a SavedModel, such as one of trees or of TensorFlow Text.

    Args:
        folder: Its folder.

    Raises:
        OSError: There is none.
        ValueError: It cannot be loaded; if it needs an operator, what brings that.
    """
    loaded: set[str] = set()
    while True:
        try:
            return tf.saved_model.load(folder)
        except RuntimeError as exc:
            operator = missing_operator(str(exc))
            if operator is None:
                raise
            wheel = find_wheel(operator)
            if wheel is None or wheel.name in loaded:
                raise ValueError(f"It needs the operator {operator}, which is unknown") from exc
            files = wheel.files()
            if not files:
                raise ValueError(
                    f"It needs the operator {operator} of the wheel {wheel.name}: "
                    f"`pip install {wheel.name}`"
                ) from exc
            for file in files:
                tf.load_op_library(str(file))
            loaded.add(wheel.name)
