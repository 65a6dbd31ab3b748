"""Objects by their centres: the outputs of a detector, and its loss.

A picture is divided into cells, [h, w]. Each cell gives a probability for each class, and a box;
the cells in the middle of an object are to give it (Tian et al. 2019, FCOS: the centre sampling).
Labels are float32 [batch, m, 5]: the class of each object, -1 where there is none, and its box, the
objects first. Outputs are float32 [batch, h, w, k + 4]: probabilities and box. A box is [top, left,
bottom, right] in shares of the picture's height and width.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

RADIUS = 1.0
"""A cell is in the middle of an object if its own middle is inside of the box, and so many cells
from the middle of the box at most, in each direction."""

FOCUS = 2.0
"""How much less what is learnt already counts: the exponent of the focal loss (Lin et al. 2017),
here without its balance of classes, as for centres (Zhou et al. 2019, Objects as Points)."""

_RARE = 0.01
"""How probable an object is at first: nearly all cells have none."""

_MOST_LOG = 8.0
"""Of the size of a box in cells: no picture has so many."""


@keras.saving.register_keras_serializable("tfline")
class RareBias(keras.initializers.Initializer):
    """Biases of logits: those of classes say that objects are rare, those of sides are 0.

    Args:
        classes: How many of the biases are of classes.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def __call__(self, shape: Any, dtype: Any = None) -> keras.KerasTensor:
        """Returns the biases, [classes + 4]."""
        rare = ops.log(_RARE / (1 - _RARE)) * ops.ones((self.classes,), dtype)
        return ops.concatenate([rare, ops.zeros((shape[0] - self.classes,), dtype)])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {"classes": self.classes}


@keras.saving.register_keras_serializable("tfline")
class CellBoxes(keras.layers.Layer):
    """From the logits of cells [batch, h, w, k + 4] to probabilities and boxes.

    The last four logits are the logarithms of how many cells the sides of the box lie from the
    middle of the cell: up, left, down, right.
    """

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the outputs, [batch, h, w, k + 4]."""
        height, width = logits.shape[1:3]
        size = ops.convert_to_tensor([1 / height, 1 / width] * 2, logits.dtype)  # [4]
        away = ops.exp(ops.minimum(logits[..., -4:], _MOST_LOG)) * size
        middles = cell_middles(height, width)  # [h, w, 2]
        low, high = middles - away[..., :2], middles + away[..., 2:]
        return ops.concatenate([ops.sigmoid(logits[..., :-4]), low, high], axis=-1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns `shape`."""
        return shape


def cell_middles(height: int, width: int) -> keras.KerasTensor:
    """Returns where the middles of cells are, in shares of the picture, float32 [h, w, 2]."""
    down = (ops.arange(height, dtype="float32") + 0.5) / height
    right = (ops.arange(width, dtype="float32") + 0.5) / width
    return ops.stack(ops.meshgrid(down, right, indexing="ij"), axis=-1)


def assign(label: keras.KerasTensor, height: int, width: int) -> keras.KerasTensor:
    """Returns what each cell is to give: that of the smallest object that it is in the middle of.

    Args:
        label: [batch, m, 5].
        height: How many rows of cells there are.
        width: How many columns.

    Returns:
        [batch, h, w, 5]: class, -1 where there is no object, and box.
    """
    is_object = label[:, :, 0] >= 0  # [batch, m]
    most = ops.max(ops.sum(ops.cast(is_object, "int32"), axis=1))
    label = label[:, : ops.maximum(most, 1)]  # objects come first; the rest is long, and empty
    middles = ops.reshape(cell_middles(height, width), (1, -1, 1, 2))  # [1, cells, 1, 2]
    low, high = label[:, None, :, 1:3], label[:, None, :, 3:]  # [batch, 1, m, 2]
    reach = RADIUS * ops.convert_to_tensor([1 / height, 1 / width], "float32")
    away = ops.abs(middles - (low + high) / 2)  # [batch, cells, m, 2]
    inside = ops.all((middles > low) & (middles < high) & (away <= reach), axis=-1)
    # A box that no middle of a cell is in has the one that its own middle is in.
    holds = ops.all(away <= reach / (2 * RADIUS), axis=-1)
    is_object = label[:, None, :, 0] >= 0  # [batch, 1, m]
    area = ops.prod(high - low, axis=-1)  # [batch, 1, m]
    candidates = ops.where((inside | holds) & is_object, area, 2.0)  # [batch, cells, m]
    chosen = ops.argmin(candidates, axis=-1)  # [batch, cells]
    wanted = ops.take_along_axis(label, chosen[:, :, None], axis=1)  # [batch, cells, 5]
    none = ops.min(candidates, axis=-1) > 1.5  # [batch, cells]
    wanted = ops.where(none[:, :, None], ops.convert_to_tensor([-1.0, 0, 0, 0, 0]), wanted)
    return ops.reshape(wanted, (-1, height, width, 5))


@keras.saving.register_keras_serializable("tfline")
class CentreLoss(keras.losses.Loss):
    """The focal loss of the classes of all cells, and 1 - GIoU of the boxes of those with one.

    Both are sums over the cells, over the number of cells that have an object. GIoU is the
    generalised intersection over union (Rezatofighi et al. 2019), which tells how far apart boxes
    are that share nothing.
    """

    def call(self, label: keras.KerasTensor, output: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the loss of each picture, [batch]."""
        k = output.shape[-1] - 4
        wanted = assign(label, *output.shape[1:3])  # [batch, h, w, 5]
        true = ops.one_hot(ops.cast(wanted[..., 0], "int32"), k)  # of -1: all are 0
        p = ops.clip(output[..., :k], 1e-7, 1 - 1e-7)
        right = ops.where(true > 0, p, 1 - p)
        focal = -ops.power(1 - right, FOCUS) * ops.log(right)  # [batch, h, w, k]
        is_object = ops.cast(wanted[..., 0] >= 0, "float32")  # [batch, h, w]
        apart = 1 - generalised_overlap(wanted[..., 1:], output[..., k:])
        cells = ops.maximum(ops.sum(is_object, axis=(1, 2)), 1.0)  # [batch]
        return (ops.sum(focal, axis=(1, 2, 3)) + ops.sum(is_object * apart, axis=(1, 2))) / cells


def generalised_overlap(wanted: keras.KerasTensor, found: keras.KerasTensor) -> keras.KerasTensor:
    """Returns the generalised intersection over union of boxes [..., 4]: from -1 to 1, [...]."""
    both = _area(
        ops.maximum(wanted[..., :2], found[..., :2]), ops.minimum(wanted[..., 2:], found[..., 2:])
    )
    around = _area(
        ops.minimum(wanted[..., :2], found[..., :2]), ops.maximum(wanted[..., 2:], found[..., 2:])
    )
    union = _area(wanted[..., :2], wanted[..., 2:]) + _area(found[..., :2], found[..., 2:]) - both
    least = keras.config.epsilon()
    return both / ops.maximum(union, least) - (around - union) / ops.maximum(around, least)


def _area(low: keras.KerasTensor, high: keras.KerasTensor) -> keras.KerasTensor:
    return ops.prod(ops.maximum(high - low, 0.0), axis=-1)


@keras.saving.register_keras_serializable("tfline")
class CentreOverlap(keras.metrics.Mean):
    """The mean generalised intersection over union of the boxes of cells that have an object."""

    def update_state(self, label: Any, output: Any, sample_weight: Any = None) -> None:
        """Adds the cells of a batch; those of a picture count by its weight, [batch]."""
        wanted = assign(ops.convert_to_tensor(label), *output.shape[1:3])
        overlap = generalised_overlap(wanted[..., 1:], output[..., -4:])  # [batch, h, w]
        weights = ops.cast(wanted[..., 0] >= 0, "float32")
        if sample_weight is not None:
            weights *= ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1, 1))
        super().update_state(overlap, weights)
