"""The decision threshold inside an exported model, read from an asset when it is loaded."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref

import tensorflow as tf

from tfline.transforms.threshold import DEFAULT, FILE, KEY, threshold_text


class ServedThreshold(tf.Module):
    """A number that a pushed version can be given without being exported again.

    A table of TensorFlow is filled from its asset when a server loads the model, as a vocabulary
    is; a look-up costs nothing beside a prediction.
    """

    def __init__(self) -> None:
        super().__init__()
        folder = tempfile.mkdtemp()  # until the model that has the asset is exported
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        path = os.path.join(folder, os.path.basename(FILE))
        with tf.io.gfile.GFile(path, "w") as file:
            file.write(threshold_text(DEFAULT))
        columns = tf.lookup.TextFileInitializer(path, tf.string, 0, tf.float32, 1, delimiter="\t")
        self._table = tf.lookup.StaticHashTable(columns, default_value=DEFAULT)

    def __call__(self) -> tf.Tensor:
        """Returns the threshold, float32 []."""
        threshold: tf.Tensor = self._table.lookup(tf.constant(KEY))
        return threshold
