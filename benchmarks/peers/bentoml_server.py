"""The model behind BentoML: `bentoml serve benchmarks.peers.bentoml_server:Network`."""

import os

import bentoml
import numpy as np

from benchmarks.plain_server import session_call


@bentoml.service(workers=1)
class Network:
    """Answers rows of 784 numbers with probabilities."""

    def __init__(self) -> None:
        self._call = session_call(os.environ["MODEL_FOLDER"], "columns", "image")

    @bentoml.api
    def predict(self, instances: list[list[float]]) -> list[list[float]]:
        """Returns a list of probabilities a row."""
        probabilities: list[list[float]] = self._call(np.array(instances, np.float32)).tolist()
        return probabilities
