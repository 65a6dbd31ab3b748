"""Penalties on the weights of a whole model: hidden layers, embeddings, wide part and head alike.

A layer is given a penalty where it is made, if its model makes it by `Layers`; here all others are.
Without that, a model without hidden layers would have none: neither ridge nor lasso.
"""

from __future__ import annotations

from typing import Final

import keras

PENALISED: Final = frozenset(
    {"depthwise_kernel", "embeddings", "kernel", "pointwise_kernel", "recurrent_kernel"}
)
"""What Keras calls weights that multiply; biases and the like are left as they are."""


def penalise(model: keras.Model, l1: float, l2: float) -> None:
    """Adds l1 * sum |w| + l2 * sum w^2 to the loss of a model, over its weights w.

    Args:
        model: Changed in place; a weight that has a penalty keeps it.
        l1: Of the sum of |w|; 0: none.
        l2: Of the sum of squares; 0: none.
    """
    if not (l1 or l2):
        return
    for variable in model.variables:
        if variable.name in PENALISED and variable.regularizer is None:
            variable.regularizer = keras.regularizers.L1L2(l1, l2)
