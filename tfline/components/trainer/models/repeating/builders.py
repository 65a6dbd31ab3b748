"""The models that repeat values of a series: naive, seasonal naive, moving average."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tfline.components.trainer.models.inputs import TensorFeature
from tfline.tasks.heads.head import Head
from tfline.transforms.lazy import lazy_import

if TYPE_CHECKING:
    import keras

    from tfline.components.trainer.models.repeating import model
else:
    model = lazy_import("tfline.components.trainer.models.repeating.model")

Season = Annotated[int, Field(ge=1)]
Length = Annotated[int, Field(ge=1)]


def naive(features: Sequence[TensorFeature], head: Head) -> keras.Model:
    """Builds the forecast that the last value of the series stays.

    Args:
        features: One series of raw values: what was, of that which is forecast.
        head: A forecast.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is not one series, or something else is predicted.
    """
    return model.RepeatingModel(features, head, "naive", seasons=(1,))


def seasonal_naive(
    features: Sequence[TensorFeature], head: Head, *, season: Season | None = None
) -> keras.Model:
    """Builds the forecast that each step is as it was a season ago.

    Args:
        features: One series of raw values, of at least one season.
        head: A forecast.
        season: How many steps it has: 24 of hours, 7 of days. None: that with the least absolute
            error in the train split.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is not one series, it is shorter than a season, or something else is
            predicted.
    """
    seasons = None if season is None else (season,)
    return model.RepeatingModel(features, head, "seasonal_naive", seasons=seasons)


def moving_average(
    features: Sequence[TensorFeature], head: Head, *, length: Length | None = None
) -> keras.Model:
    """Builds the forecast that each step is the mean of the last values.

    Args:
        features: One series of raw values.
        head: A forecast.
        length: Of how many values; None: of all that the feature has.

    Returns:
        A model from feature name -> tensor to a tensor of `head.output_shape`.

    Raises:
        ModelError: There is not one series, it is shorter than `length`, or something else is
            predicted.
    """
    return model.RepeatingModel(features, head, "moving_average", length=length)
