"""Transfer learning: a network that has seen many images learns to tell others apart."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import AfterValidator, Field

from tfline.components.trainer.models.cnn.applications import Application, family
from tfline.components.trainer.models.cnn.image import image_input
from tfline.components.trainer.models.inputs import TensorFeature
from tfline.components.trainer.models.layers import LayerArguments, Layers, Sizes
from tfline.tasks.heads.head import Head
from tfline.transforms.errors import ModelError
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models import fine_tuned
else:
    keras = lazy_import("keras")
    fine_tuned = lazy_import("tfline.components.trainer.models.fine_tuned")

PIXEL = 255.0
"""The largest value of a pixel, as the networks were trained with; here it is 1."""


def _existing_file(path: str) -> str:
    if not Path(path).is_file():
        raise ValueError("there is no such file")
    return path


WeightsFile = Annotated[
    str, AfterValidator(_existing_file), Field(examples=["mobilenet_v2_notop.weights.h5"])
]


def transfer(
    features: Sequence[TensorFeature],
    head: Head,
    *,
    weights: WeightsFile,
    application: Application = "MobileNetV2",
    own_top: bool = False,
    frozen_epochs: Annotated[int, Field(ge=0)] = 3,
    rate_factor: Annotated[float, Field(gt=0, le=1)] = 0.1,
    hidden_units: Sizes = (),
    **options: Unpack[LayerArguments],
) -> keras.Model:
    """Builds a new last layer on a network of `keras.applications` (Yosinski et al. 2014).

    In the first epochs its weights are frozen: the large gradients of a new layer would spoil
    them. Then all are trained, slowly, but for its batch normalizations.

    With `own_top` the network keeps its own last layer, and answers as it is for as long as it is
    frozen: the classes of the label are its classes, in their order.

    Args:
        features: One image of one or three channels, with values from 0 to 1 (`rescale`).
        head: What to predict.
        weights: A file of Keras weights, without the network's own last layers ("notop") unless it
            keeps them.
        application: The network.
        own_top: Whether it keeps its own last layers.
        frozen_epochs: How many epochs it is frozen for; as many as there are in all: always.
        rate_factor: What the learning rate is multiplied with after them.
        hidden_units: The width of each dense layer between the network and the output.
        **options: Of the hidden layers; the dropout is also that after the network.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: The features are not a single image that the network takes, the weights are not
            the network's, or with its own last layers the label is not one of several classes.
    """
    layers = Layers(**options)
    inputs, x = image_input(features, "transfer")
    if x.shape[-1] == 1:
        x = keras.layers.Concatenate()([x] * 3)  # grey: red, green and blue are the same
    if own_top:
        _check_own_top(head, hidden_units)
    classes = head.units if own_top else None
    base = _base(features[0], application, weights, tuple(x.shape[1:]), classes)
    x = getattr(keras.applications, family(application)).preprocess_input(x * PIXEL)
    x = base(x)  # [batch, h, w, n]; with its own top probabilities [batch, classes]
    if own_top:
        output = keras.layers.Activation("linear", dtype="float32", name="output")(x)
    else:
        x = layers.drop(keras.layers.GlobalAveragePooling2D()(x))
        output = head.output(layers.stack(x, hidden_units))
    network = keras.Model(inputs, output)
    return fine_tuned.FineTunedModel(
        network, base.name, frozen_epochs, rate_factor, name="transfer"
    )


def _check_own_top(head: Head, hidden_units: Sizes) -> None:
    if head.task != "multiclass" or hidden_units:
        received = f"the task {head.task}" if head.task != "multiclass" else "`hidden_units`"
        raise ModelError(
            "With its own last layers a network tells which of several classes a picture is of. "
            f"Received: {received}",
            where="model.transfer.own_top",
            hint="Leave `own_top` out: the network gets new last layers.",
        )


def _base(
    image: TensorFeature,
    application: Application,
    weights: str,
    shape: tuple[int, ...],
    classes: int | None,
) -> keras.Model:
    """Returns the network; with last layers of its own if it has `classes`."""
    build = getattr(keras.applications, application)
    top = {"include_top": False} if classes is None else {"classes": classes}
    try:
        base = build(weights=None, input_shape=shape, **top)
    except ValueError as exc:
        raise ModelError(
            f"{application} does not take such images: {exc}. Received: {image}",
            where=f"feature {image.name}",
            hint="Give it three channels, and enlarge it with `resize`.",
        ) from exc
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Keras warns of weights that it leaves as they are
            base.load_weights(weights)
    except (ValueError, OSError, UserWarning) as exc:
        raise ModelError(
            f"The weights are not those of {application}: {str(exc).splitlines()[0]}",
            where=weights,
            hint="Save them with `save_weights` of the network built with `include_top=False`."
            if classes is None
            else f"Save them with `save_weights` of the whole network, of {classes} classes.",
        ) from exc
    return base
