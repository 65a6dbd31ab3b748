"""The key `warm_start:` of a spec. Imports no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from tfline.transforms.features import FrozenModel

SAVED_MODEL = "saved_model.pb"


def newest_model(folder: str) -> str | None:
    """Returns the newest version in a push folder, or the folder itself if it is a version.

    Returns:
        The folder of a SavedModel; None if there is none.
    """
    models = [file.parent for file in Path(folder).glob(f"*/{SAVED_MODEL}")]
    versions = {int(model.name): str(model) for model in models if model.name.isdecimal()}
    if (Path(folder) / SAVED_MODEL).is_file():
        return folder
    return versions[max(versions)] if versions else None


def _pushed(folder: str) -> str:
    if newest_model(folder) is None:
        raise ValueError("there is no pushed model: expected a push folder, or a version in it")
    return folder


PushedModel = Annotated[str, AfterValidator(_pushed), Field(examples=["models/photos"])]


class LayersOfPushed(FrozenModel):
    """The lower layers of a pushed model as the beginning of another one (Yosinski et al. 2014).

    They are frozen at first: the large gradients of the new layers above would spoil them. Then
    they are trained too, slowly, all at once or one after the other from the uppermost; but for
    batch normalizations, which stay as they are.
    """

    model: PushedModel | None = Field(
        default=None,
        description="The push folder of a pipeline of one's own, whose newest version is taken, or "
        "the folder of a version; default: that of this spec, once it has pushed.",
    )
    layers: int | None = Field(
        default=None,
        ge=1,
        description="How many layers that have weights are taken, from the input on; default: all "
        "but the last.",
    )
    frozen_epochs: int = Field(
        default=3,
        ge=0,
        description="How many epochs they are frozen for; as many as there are in all: always.",
    )
    thaw_epochs: int = Field(
        default=0,
        ge=0,
        description="From then on, after how many epochs the next layer below is trained too; 0: "
        "all are at once.",
    )
    rate_factor: float = Field(
        default=0.1, gt=0, le=1, description="What the learning rate is multiplied with then."
    )

    @property
    def folder(self) -> str | None:
        """The SavedModel to begin with; None: that of this spec."""
        return None if self.model is None else newest_model(self.model)
