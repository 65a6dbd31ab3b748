"""Models with auxiliary outputs: learned from as the output is, and then put aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfline")
class AuxiliaryModel(keras.Model):
    """Predicts by the first output of a network; all of them are trained on the label.

    What it gives, and so its metrics, its val_loss and its export, is the first output alone.

    Args:
        network: A functional model with several outputs of the same shape.
        loss_weights: The weight of each output's loss.
    """

    def __init__(self, network: keras.Model, loss_weights: Sequence[float], **kwargs: Any) -> None:
        super().__init__(network.input, network.output[0], **kwargs)
        self.network = network
        self.loss_weights = tuple(loss_weights)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Returns the output; in training all outputs."""
        if training:
            return tuple(self.network(inputs, training=True, mask=mask))
        return super().call(inputs, training=training, mask=mask)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Returns the weighted sum of the outputs' losses; of one output, its loss."""
        if not isinstance(y_pred, tuple):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        regularization = ops.sum(self.losses) if self.losses else 0.0  # is part of each loss
        total = regularization
        for weight, output in zip(self.loss_weights, y_pred, strict=True):
            loss = super().compute_loss(x, y, output, sample_weight, training)
            total += weight * (loss - regularization)
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Returns the metrics of the first output."""
        output = y_pred[0] if isinstance(y_pred, tuple) else y_pred
        metrics: dict[str, Any] = super().compute_metrics(x, y, output, sample_weight)
        return metrics

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        network = keras.saving.serialize_keras_object(self.network)
        return {"network": network, "loss_weights": self.loss_weights, "name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> AuxiliaryModel:
        """Returns the model of a configuration."""
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**{**config, "network": network})
