"""What ends a training when the time for it is over: a callback of Keras, as a user's own."""

from __future__ import annotations

import time

import keras

from tfline.pipelines.init.trials import OutOfTimeError


class Deadline(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Ends a training at a point in time.

    Args:
        at: Of `time.monotonic`, in seconds.

    Raises:
        OutOfTimeError: After the first step that ends later.
    """

    def __init__(self, at: float) -> None:
        super().__init__()
        self._at = at

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Looks at the clock."""
        del batch, logs
        if time.monotonic() >= self._at:
            raise OutOfTimeError
