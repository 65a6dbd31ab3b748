"""The model behind Triton, by PyTriton: `python -m benchmarks.peers.triton_server PORT`."""

import os
import sys

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from benchmarks.plain_server import session_call

_call = session_call(os.environ["MODEL_FOLDER"], "columns", "image")


@batch
def predict(image: np.ndarray) -> list[np.ndarray]:
    """Returns probabilities [batch, 10] of images [batch, 784]."""
    return [_call(image)]


if __name__ == "__main__":
    port = int(sys.argv[1])
    with Triton(
        config=TritonConfig(http_port=port, grpc_port=port + 1, metrics_port=port + 2)
    ) as triton:
        triton.bind(
            "network",
            predict,
            [Tensor(name="image", dtype=np.float32, shape=(784,))],
            [Tensor(name="probabilities", dtype=np.float32, shape=(10,))],
            ModelConfig(max_batch_size=64),
        )
        triton.serve()
