"""The model behind LitServe: `python -m benchmarks.peers.litserve_server PORT`."""

import os
import sys
from typing import Any

import litserve
import numpy as np

from benchmarks.plain_server import session_call


class Network(litserve.LitAPI):
    """Answers rows of 784 numbers with probabilities."""

    def setup(self, device: str) -> None:
        """Loads the model, in each worker."""
        del device
        self._call = session_call(os.environ["MODEL_FOLDER"], "columns", "image")

    def predict(self, request: dict[str, Any]) -> dict[str, Any]:
        """Returns a list of probabilities a row."""
        return {"predictions": self._call(np.array(request["instances"], np.float32)).tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Network(), accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[1]), generate_client_file=False, log_level="error")
