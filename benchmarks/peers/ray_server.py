"""The model behind Ray Serve: `python -m benchmarks.peers.ray_server PORT`."""

import os
import sys
import threading
from typing import Any

import numpy as np
import ray
from ray import serve

from benchmarks.plain_server import session_call


@serve.deployment(max_ongoing_requests=100)
class Network:
    """Answers rows of 784 numbers with probabilities."""

    def __init__(self, folder: str) -> None:
        self._call = session_call(folder, "columns", "image")

    async def __call__(self, request: Any) -> dict[str, Any]:
        """Returns a list of probabilities a row."""
        body = await request.json()
        return {"predictions": self._call(np.array(body["instances"], np.float32)).tolist()}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False)
    serve.start(http_options={"port": int(sys.argv[1])})
    serve.run(Network.bind(os.environ["MODEL_FOLDER"]), route_prefix="/predict")
    threading.Event().wait()
