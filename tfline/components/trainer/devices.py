"""What a training computes with: devices, precision, and operations that repeat themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf
from tensorflow.python.framework import config as tf_config

from tfline.transforms.errors import ModelError


def strategy(accumulate: int = 1, *, has_strings: bool = False) -> tf.distribute.Strategy:
    """Returns how to spread the training over the devices that are there.

    Several GPUs, or several logical CPUs where there is no GPU, each take a part of every batch;
    their gradients are summed before the weights change (synchronous data parallelism).

    Args:
        accumulate: The steps whose gradients make one update.
        has_strings: Whether a feature of the model is a string.

    Raises:
        ModelError: There are several devices, and gradients are to be accumulated, or there are
            strings.
    """
    gpus, cpus = (tf.config.list_logical_devices(kind) for kind in ("GPU", "CPU"))
    names = [device.name for device in gpus or cpus]
    if len(names) == 1:
        return tf.distribute.get_strategy()
    if accumulate > 1:
        raise ModelError(
            f"Keras accumulates gradients on one device only, and there are {len(names)}",
            where="train.accumulate",
            hint="Leave it out: each device holds only its part of `batch_size`.",
        )
    if has_strings:
        raise ModelError(
            f"Keras trains on strings on one device only, and there are {len(names)}",
            where="features",
            hint="Let TensorFlow see one alone, as with `CUDA_VISIBLE_DEVICES=0`.",
        )
    # Collective operations between CPUs break at a batch that cannot be shared out evenly.
    reduction = None if gpus else tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy(names, cross_device_ops=reduction)


@contextlib.contextmanager
def precision(policy: str) -> Iterator[None]:
    """Lets layers that are made inside compute in `policy`: ``float32``, ``mixed_bfloat16``."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextlib.contextmanager
def repeatable(deterministic: bool) -> Iterator[None]:
    """Lets operations inside give the same result each time, bit by bit, if `deterministic`.

    The other components of a run in this process need not pay for it.
    """
    if not deterministic or tf_config.is_op_determinism_enabled():
        yield
        return
    tf.config.experimental.enable_op_determinism()
    try:
        yield
    finally:
        tf_config.disable_op_determinism()
