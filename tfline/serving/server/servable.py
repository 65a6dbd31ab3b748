"""One loaded version of a model, as requests see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tfline.serving.protos import meta_graph_pb2
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.tensor import Tensor

DEFAULT_SIGNATURE = "serving_default"


class Runner(Protocol):
    """What runs a model for the thread that calls: `Session`, or what shares one out."""

    def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], call: Call = ENDLESS
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `tfline.serving.server.session.Session.run`."""

    def close(self) -> None:
        """Ends the runs under way, and frees everything; a later run is an error."""


@dataclass(frozen=True)
class Servable:
    """A version of a model that can be run.

    Attributes:
        name: The model.
        version: The version.
        signatures: The signatures of the model, by name.
        runner: What runs it.
    """

    name: str
    version: int
    signatures: Mapping[str, meta_graph_pb2.SignatureDef]
    runner: Runner
