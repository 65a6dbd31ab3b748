"""The linear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import Weight
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.linear import model
else:
    model = lazy_import("tfline.components.trainer.models.linear.model")

Iterations = Annotated[int, Field(ge=1)]


def linear(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    l1: Weight = 0.0,
    l2: Weight = 0.0,
    max_iterations: Iterations = 1000,
) -> keras.Model:
    """Builds a linear model whose weights are solved for, not approached in small steps.

    Least squares without `l1` are solved exactly; all else by L-BFGS-B (Byrd et al. 1995) until it
    gets no better, with weights of exactly 0 under `l1`. The mean of `train.loss` over the examples
    is lowered, plus the penalties; biases have none. Of scikit-learn's arguments, for n examples:
    Ridge has l2 = alpha / n, Lasso l1 = 2 alpha, LogisticRegression l2 = 1 / (2 C n).

    Args:
        features: Any; images and series are flattened, categories are one-hot, and the tokens of a
            text are counted.
        head: What to predict: classes, flags, or numbers.
        l1: Weight in the loss of the sum of |weights|: lasso.
        l2: Weight in the loss of the sum of squared weights: ridge.
        max_iterations: The most steps of L-BFGS-B.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is no feature, or a string.
    """
    return model.LinearModel(features, head, l1, l2, max_iterations)
