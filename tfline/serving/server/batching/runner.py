"""A model that runs its requests in batches."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping, Sequence

from tfline.serving.server.batching.padding import pad_inner
from tfline.serving.server.batching.parameters import BatchingOptions
from tfline.serving.server.batching.scheduler import Queue, Scheduler, Task
from tfline.serving.server.session import Session
from tfline.serving.server.status import (
    Code,
    StatusError,
    failed_precondition,
    invalid_argument,
)
from tfline.serving.server.tensor import Tensor

_Kind = tuple[tuple[str, ...], tuple[str, ...]]


class _Wait:
    """What a coroutine awaits until a thread ends it.

    Attributes:
        over: Done once it is ended.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.over = self._loop.create_future()

    def end(self) -> None:
        """Ends it, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        if not self.over.done():
            self.over.set_result(None)


class BatchingRunner:
    """Puts requests with the same inputs and outputs together; they wait in an event loop.

    Args:
        session: Runs a batch.
        scheduler: Whose threads do it.
        options: How batches are formed.
    """

    def __init__(self, session: Session, scheduler: Scheduler, options: BatchingOptions) -> None:
        self._session = session
        self._scheduler = scheduler
        self._options = options
        self._queues: dict[_Kind, Queue] = {}
        self._lock = threading.Lock()

    async def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], timeout: float | None = None
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `tfline.serving.server.session.Session.run`.

        Raises:
            StatusError: INVALID_ARGUMENT if the inputs cannot be in a batch; UNAVAILABLE if too
                many wait; DEADLINE_EXCEEDED; or what the batch failed with.
        """
        names = sorted(feeds)
        parts = self._parts({name: feeds[name] for name in names}, _batch_size(feeds))
        waits = [_Wait() for _ in parts]
        tasks = [Task(*part, wait.end) for part, wait in zip(parts, waits, strict=True)]
        self._queue((tuple(names), tuple(fetches))).add(tasks)
        try:
            async with asyncio.timeout(timeout):
                for wait in waits:
                    await wait.over
        except TimeoutError as error:
            raise StatusError(Code.DEADLINE_EXCEEDED, "The batch was not done in time") from error
        for task in tasks:
            if task.error:
                raise _again(task.error)
        if len(tasks) == 1:
            return list(tasks[0].outputs)
        outputs = zip(*(task.outputs for task in tasks), strict=True)
        return [Tensor.stack(output) for output in outputs]

    def close(self) -> None:
        """Frees the model, once runs that nobody waits for any more are over."""
        for queue in self._queues.values():
            self._scheduler.remove(queue)
        self._session.close()

    def _parts(
        self, feeds: Mapping[str, Tensor], size: int
    ) -> list[tuple[Mapping[str, Tensor], int]]:
        """Returns the request and its size; in several parts if it is large and may be split."""
        limit = self._options.batch_limit
        if size <= limit:
            return [(feeds, size)]
        if self._options.max_execution_size is None:
            raise invalid_argument(
                f"Task size {size} is larger than maximum input batch size {limit}"
            )
        return [
            (
                {
                    name: tensor.rows(start, min(start + limit, size))
                    for name, tensor in feeds.items()
                },
                min(limit, size - start),
            )
            for start in range(0, size, limit)
        ]

    def _queue(self, kind: _Kind) -> Queue:
        queue = self._queues.get(kind)
        if queue is None:
            with self._lock:
                queue = self._queues.get(kind)
                if queue is None:
                    queue = self._queues[kind] = self._scheduler.queue(
                        self._options, lambda tasks: self._run_batch(tasks, kind[1])
                    )
        return queue

    def _run_batch(self, tasks: Sequence[Task], fetches: Sequence[str]) -> None:
        """Runs `tasks` together and gives each its rows of the outputs."""
        size = sum(task.size for task in tasks)
        padding = next((s for s in self._options.allowed_sizes if s >= size), size) - size
        feeds = {name: self._merged(name, tasks, padding) for name in tasks[0].feeds}
        outputs = self._session.run(feeds, fetches)
        for output in outputs:
            if not output.shape:
                raise failed_precondition("Batched output tensor has 0 dimensions")
            if output.shape[0] != size + padding:
                raise failed_precondition(
                    "Batched output tensor's 0th dimension does not equal the sum of the 0th "
                    "dimension sizes of the input tensors"
                )
        start = 0
        for task in tasks:
            task.outputs = [output.rows(start, start + task.size) for output in outputs]
            start += task.size

    def _merged(self, name: str, tasks: Sequence[Task], padding: int) -> Tensor:
        """Returns the values of one input of all tasks, with `padding` more rows."""
        tensors = [task.feeds[name] for task in tasks]
        if any(tensor.dtype != tensors[0].dtype for tensor in tensors):
            raise invalid_argument(f"Tensors with name '{name}' have different types in a batch")
        if any(tensor.shape[1:] != tensors[0].shape[1:] for tensor in tensors):
            if not self._options.pad_inputs:
                raise failed_precondition(
                    f"Tensors with name '{name}' from different tasks have different shapes and "
                    "padding is turned off. Set pad_variable_length_inputs to true, or ensure "
                    "that all tensors with the same name have equal dimensions starting with the "
                    "first dim."
                )
            tensors = pad_inner(tensors)
        if len(tensors) == 1 and not padding and tensors[0].is_whole:
            return tensors[0]
        return Tensor.stack([*tensors, *[tensors[-1].rows(0, 1)] * padding])


def _batch_size(feeds: Mapping[str, Tensor]) -> int:
    """Returns dimension 0 of the inputs.

    Raises:
        StatusError: INVALID_ARGUMENT if there are none, or they do not agree.
    """
    if not feeds:
        raise invalid_argument("Batching Run() must have at least one input tensor")
    if any(not tensor.shape for tensor in feeds.values()):
        raise invalid_argument("Batching Run() input tensors must have at least one dimension")
    sizes = {tensor.shape[0] for tensor in feeds.values()}
    if len(sizes) > 1:
        raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
    size: int = sizes.pop()
    return size


def _again(error: Exception) -> Exception:
    """Returns `error` for one more thread: an exception that is raised twice mixes its traces."""
    if isinstance(error, StatusError):
        return StatusError(error.code, error.message)
    return StatusError(Code.INTERNAL, str(error))
