"""How batches are formed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfline.serving.server.model_config import read_text_proto
from tfline.serving.server.settings import BatchingParameters
from tfline.serving.server.status import invalid_argument


@dataclass(frozen=True, kw_only=True)
class BatchingOptions:
    """How batches are formed.

    Attributes:
        max_batch_size: The most rows of a batch, and of a request unless it may be split.
        timeout: Seconds that a batch waits for more requests.
        max_enqueued_batches: The most batches that wait in one queue.
        threads: Batches that are run at a time.
        allowed_sizes: If any: a batch is padded to the next of these sizes.
        pad_inputs: Inputs of different inner shapes are padded to one.
        max_execution_size: The most rows that are run at once; requests larger than that are
            split. None: requests are not split.
    """

    max_batch_size: int = 1000
    timeout: float = 0.0
    max_enqueued_batches: int = 10
    threads: int = 1
    allowed_sizes: tuple[int, ...] = ()
    pad_inputs: bool = False
    max_execution_size: int | None = None

    @property
    def batch_limit(self) -> int:
        """The most rows of one batch."""
        return self.max_execution_size or self.max_batch_size


def read_options(path: str | Path | None) -> BatchingOptions:
    """Returns the options in the BatchingParameters at `path`; without a path, the defaults.

    Raises:
        StatusError: INVALID_ARGUMENT if the file cannot be parsed, or its values contradict one
            another.
    """
    cpus = os.cpu_count() or 1
    if not path:
        return BatchingOptions(threads=cpus)
    given: Any = read_text_proto(str(path), BatchingParameters())
    default = BatchingOptions(threads=cpus)
    max_batch_size = _value(given, "max_batch_size", default.max_batch_size)
    options = BatchingOptions(
        max_batch_size=max_batch_size,
        timeout=_value(given, "batch_timeout_micros", 0) / 1e6,
        max_enqueued_batches=_value(given, "max_enqueued_batches", default.max_enqueued_batches),
        threads=_value(given, "num_batch_threads", cpus),
        allowed_sizes=tuple(given.allowed_batch_sizes),
        pad_inputs=given.pad_variable_length_inputs,
        max_execution_size=_value(given, "max_execution_batch_size", max_batch_size)
        if given.enable_large_batch_splitting.value
        else None,
    )
    _check(options)
    return options


def _value(given: Any, name: str, default: int) -> int:
    value: int = getattr(given, name).value if given.HasField(name) else default
    return value


def _check(options: BatchingOptions) -> None:
    for name in ("max_batch_size", "max_enqueued_batches", "threads"):
        if getattr(options, name) < 1:
            raise invalid_argument(f"{name} must be positive; was {getattr(options, name)}")
    sizes = options.allowed_sizes
    if not sizes:
        return
    if list(sizes) != sorted(set(sizes)):
        raise invalid_argument("allowed_batch_sizes entries must be monotonically increasing")
    if sizes[-1] != options.batch_limit:
        raise invalid_argument(
            "final entry in allowed_batch_sizes must equal max_batch_size; "
            f"got {sizes[-1]}, {options.batch_limit}"
        )
