"""Models that learn in two phases: first around a frozen base, then with all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


@keras.saving.register_keras_serializable("tfline")
class FineTunedModel(keras.Model):
    """A functional model with a base that is trained already.

    Args:
        network: The model; one of its layers is the base.
        base: The name of that layer. It is frozen until `unfreeze`.
        frozen_epochs: How many epochs are trained around it.
        rate_factor: What the learning rate is multiplied with when it is unfrozen.
    """

    def __init__(
        self,
        network: keras.Model,
        base: str,
        frozen_epochs: int,
        rate_factor: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(network.input, network.output, **kwargs)
        self.base = base
        self.frozen_epochs = frozen_epochs
        self.rate_factor = rate_factor
        self.get_layer(base).trainable = False

    def unfreeze(self) -> None:
        """Lets the base be trained, once the model is compiled again.

        Its batch normalizations stay as they are: small batches would spoil their statistics.
        """
        base = self.get_layer(self.base)
        base.trainable = True
        for layer in getattr(base, "layers", ()):  # an encoder of texts has none
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        network = keras.saving.serialize_keras_object(keras.Model(self.input, self.output))
        return {
            "network": network,
            "base": self.base,
            "frozen_epochs": self.frozen_epochs,
            "rate_factor": self.rate_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> FineTunedModel:
        """Returns the model of a configuration."""
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**{**config, "network": network})
