"""The task whose label is an image: what it answers, what is wrong, and what is shown of it."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tfline.metrics.statistic import Decision
from tfline.tasks.table import TASKS
from tfline.tasks.whole_image import PICTURE
from tfline.transforms.errors import ModelError

TASK = TASKS["image"]


def label(*shape: int) -> Any:
    size = int(np.prod(shape))
    return SimpleNamespace(shape=shape, size=size, classes=(), steps=1, target=None)


def pixels_of(words: str) -> np.ndarray:
    content = base64.b64decode(words.removeprefix(PICTURE))
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3)])
def test_error_is_told_by_pictures(shape: tuple[int, ...]) -> None:
    y = np.linspace(0, 1, 2 * int(np.prod(shape)), dtype=np.float32).reshape(2, -1)
    image = TASK.answer(y, label(*shape))["image"].numpy()
    assert image.shape == (2, 2, 3, shape[2] if len(shape) == 3 else 1)
    truth = y.copy()
    truth[1] += 0.5
    errors, words = TASK.errors(truth, image, label(*shape), Decision(0))
    np.testing.assert_allclose(errors, [0, 0.5], rtol=1e-5)
    true, predicted = (pixels_of(text) for text in words(0))
    np.testing.assert_array_equal(true, predicted)
    np.testing.assert_allclose(predicted.ravel() / 255, y[0], atol=0.003)


@pytest.mark.parametrize("shape", [(10,), (2, 3, 8)])
def test_output_is_made_of_a_vector_and_of_an_image(shape: tuple[int, ...]) -> None:
    head = TASK.make_head(label(2, 3, 3))
    assert head.output(keras.Input(shape)).shape == (None, 18)
    with pytest.raises(ModelError, match="The image has 6 pixels"):
        head.output(keras.Input((4, 3, 8)))
