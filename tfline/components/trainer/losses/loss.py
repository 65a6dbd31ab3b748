"""What all losses have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from tfline.tasks.heads.links import Identity, Link
from tfline.transforms.features import FrozenModel
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.tasks.heads.head import Head
else:
    keras = lazy_import("keras")

LossFunction = Callable[[Any, Any], Any]
"""From a batch of labels and of predictions to a loss each; Keras's `Loss` objects are callable."""


class Loss(FrozenModel):
    """What all losses have in common.

    Attributes:
        keras_name: The class in `keras.losses`.
        tasks: The labels that it fits.
        above: Of a number: the labels of the train split are above this; None: they may be any.
        from_above: Of a number: whether a label may be `above` itself.
    """

    keras_name: ClassVar[str]
    tasks: ClassVar[frozenset[str]]
    above: ClassVar[float | None] = None
    from_above: ClassVar[bool] = False

    name: str

    @property
    def link(self) -> Link:
        """How an output and a number belong together."""
        return Identity()

    def build(self, head: Head) -> LossFunction:
        """Returns Keras's loss."""
        del head
        kind = getattr(keras.losses, self.keras_name)
        loss: LossFunction = kind(**self.model_dump(exclude={"name"}))
        return loss
