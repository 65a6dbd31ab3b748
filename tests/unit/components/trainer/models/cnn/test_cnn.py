"""The convolutional networks are those of their papers."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
import yaml

from tfline.components.trainer.models.build import build_model
from tfline.components.trainer.models.cnn.local_response import LocalResponseNormalization
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.table import TASKS
from tfline.transforms.arguments import check_arguments
from tfline.transforms.errors import ModelError
from tfline.transforms.image import resize

pytestmark = pytest.mark.usefixtures("without_weights")  # they would take half a gigabyte

TEN = TASKS["multiclass"].head(tuple("abcdefghij"))
IMAGENET = TASKS["multiclass"].head(tuple(map(str, range(1000))))


def image(side: int, channels: int = 1) -> TensorFeature:
    return TensorFeature("image", "image", (side, side, channels))


def build(name: str, arguments: dict[str, Any], side: int, channels: int = 1) -> keras.Model:
    """Builds a model of grey digits, or of the colour images of ImageNet."""
    head = TEN if channels == 1 else IMAGENET
    return build_model(name, arguments, [image(side, channels)], head)


@pytest.mark.parametrize(
    ("name", "side", "channels", "count"),
    [
        ("cnn", 28, 1, 14_590),
        ("deep_cnn", 28, 1, 1_413_834),
        ("lenet5", 28, 1, 61_706),
        ("alexnet", 227, 3, 62_378_344),
        ("vgg16", 224, 3, 138_357_544),
        ("googlenet", 224, 3, 6_998_552),
        ("resnet34", 224, 3, 21_797_672),
        ("se_resnet", 224, 3, 21_958_868),
        ("xception", 299, 3, 22_855_952),
    ],
)
def test_network_trains_the_published_number_of_parameters(
    name: str, side: int, channels: int, count: int
) -> None:
    weights = build(name, {}, side, channels).trainable_weights
    assert sum(int(np.prod(weight.shape)) for weight in weights) == count


@pytest.mark.parametrize(
    ("name", "side", "application"), [("vgg16", 224, "VGG16"), ("xception", 299, "Xception")]
)
def test_network_is_that_of_keras_applications(name: str, side: int, application: str) -> None:
    expected = getattr(keras.applications, application)(weights=None)
    shapes = sorted(tuple(weight.shape) for weight in build(name, {}, side, 3).weights)
    assert shapes == sorted(tuple(weight.shape) for weight in expected.weights)


@pytest.mark.parametrize(
    ("name", "arguments", "least"),
    [
        ("alexnet", {}, 67),
        ("cnn", {}, 7),
        ("cnn", {"padding": "same"}, 4),
        ("cnn", {"filters": [8, 8, 8], "kernel_size": 3}, 22),
        ("deep_cnn", {}, 8),
        ("lenet5", {}, 12),
        ("vgg16", {}, 32),
        ("xception", {}, 7),
    ],
)
def test_image_that_would_shrink_to_nothing_is_refused(
    name: str, arguments: dict[str, Any], least: int
) -> None:
    assert build(name, arguments, least).output_shape == (None, 10)
    with pytest.raises(ModelError, match=f"at least {least} x {least} pixels") as error:
        build(name, arguments, least - 1)
    [advice] = re.findall(r"`resize: (.+?)`", error.value.hint)
    assert check_arguments(resize, yaml.safe_load(advice), "resize") == {"size": (least, least)}


@pytest.mark.parametrize("name", ["googlenet", "resnet34", "se_resnet"])
def test_padded_network_takes_any_image(name: str) -> None:
    assert build(name, {}, 1).output_shape == (None, 10)


@pytest.mark.parametrize("name", ["alexnet", "deep_cnn", "googlenet", "resnet34", "vgg16"])
def test_width_multiplies_the_number_of_filters(name: str) -> None:
    narrow, wide = (
        [
            weight.shape[-1]
            for weight in build(name, {"width": width}, 96).weights
            if len(weight.shape) == 4
        ]
        for width in (0.25, 1.0)
    )
    assert narrow == [round(filters / 4) for filters in wide]


def test_residual_units_make_other_depths() -> None:
    eighteen = build("resnet34", {"units": [2, 2, 2, 2]}, 224, 3)
    trained = sum(int(np.prod(weight.shape)) for weight in eighteen.trainable_weights)
    assert trained == 11_689_512  # ResNet-18, as published


def test_local_response_is_that_of_the_paper() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 3, 7)).astype(np.float32) * 100
    expected = np.empty_like(x)
    for i in range(7):
        near = x[..., max(0, i - 2) : i + 3]
        expected[..., i] = x[..., i] / (2 + 1e-4 * (near**2).sum(axis=-1)) ** 0.75
    np.testing.assert_allclose(LocalResponseNormalization()(x), expected, rtol=1e-5)


def test_inception_modules_join_their_branches() -> None:
    model = build("googlenet", {}, 224, 3)
    joined = [layer.output.shape[-1] for layer in model.layers if "concatenate" in layer.name]
    assert joined == [256, 480, 512, 512, 512, 528, 832, 832, 1024]  # table 1 of the paper


def test_excitation_multiplies_each_channel_by_its_weight() -> None:
    model = build("se_resnet", {"width": 1 / 16, "units": [1, 1, 1, 1]}, 32)
    x = np.random.default_rng(0).normal(size=(4, 32, 32, 1)).astype(np.float32)
    multiply = next(layer for layer in model.layers if isinstance(layer, keras.layers.Multiply))
    unit, weights = multiply.input
    watch = keras.Model(model.input, [unit, weights, multiply.output])
    before, gate, after = watch({"image": x})
    assert tuple(gate.shape) == (4, 1, 1, 4)
    assert ((gate > 0) & (gate < 1)).numpy().all()
    np.testing.assert_allclose(after, before * gate, rtol=1e-6)
