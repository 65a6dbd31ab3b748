"""A model that runs its requests in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfline.serving.server.batching.padding import pad_inner
from tfline.serving.server.batching.parameters import BatchingOptions
from tfline.serving.server.batching.scheduler import Queue, Scheduler, Task
from tfline.serving.server.call import ENDLESS, Call, deadline_exceeded
from tfline.serving.server.session import Session
from tfline.serving.server.status import (
    Code,
    StatusError,
    failed_precondition,
    invalid_argument,
)
from tfline.serving.server.tensor import Tensor

_Kind = tuple[tuple[str, ...], tuple[str, ...]]


class BatchingRunner:
    """Puts requests with the same inputs and outputs together; their threads wait meanwhile.

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
        self._closed = False

    def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], call: Call = ENDLESS
    ) -> list[Tensor]:
        """Returns the values of `fetches`; see `tfline.serving.server.session.Session.run`.

        Raises:
            StatusError: INVALID_ARGUMENT if the inputs cannot be in a batch; UNAVAILABLE if too
                many wait; DEADLINE_EXCEEDED; or what the batch failed with.
        """
        names, outputs = sorted(feeds), sorted(set(fetches))
        tasks = [
            Task(part, size, call)
            for part, size in self._parts({name: feeds[name] for name in names}, _batch_size(feeds))
        ]
        self._add((tuple(names), tuple(outputs)), tasks)
        for task in tasks:
            if not task.wait():
                _abandon(tasks)
                raise deadline_exceeded()
            if task.error:
                _abandon(tasks)
                raise _again(task.error)
        order = [outputs.index(name) for name in fetches]
        if len(tasks) == 1:
            return [tasks[0].outputs[index] for index in order]
        return [Tensor.stack([task.outputs[index] for task in tasks]) for index in order]

    def close(self) -> None:
        """Ends the runs under way, and frees the model."""
        with self._scheduler.changed:
            self._closed = True
            queues = list(self._queues.values())
        for queue in queues:
            self._scheduler.remove(queue)
        self._session.close()

    def _add(self, kind: _Kind, tasks: Sequence[Task]) -> None:
        """Puts `tasks` into the queue of their kind, which is there as long as it has any."""
        with self._scheduler.changed:
            if self._closed:
                raise StatusError(Code.UNAVAILABLE, "The model is unloaded")
            queue = self._queues.get(kind)
            if queue is None:
                queue = self._scheduler.queue(
                    self._options,
                    lambda batch: self._run_batch(batch, kind[1]),
                    lambda: self._queues.pop(kind, None),
                )
                self._queues[kind] = queue
            queue.add(tasks)

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

    def _run_batch(self, tasks: Sequence[Task], fetches: Sequence[str]) -> None:
        """Runs `tasks` together and gives each its rows of the outputs."""
        size = sum(task.size for task in tasks)
        padding = next((s for s in self._options.allowed_sizes if s >= size), size) - size
        feeds = {name: self._merged(name, tasks, padding) for name in tasks[0].feeds}
        outputs = self._session.run(feeds, fetches, _latest(tasks))
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


def _abandon(tasks: Sequence[Task]) -> None:
    """Lets the parts of a request that was split, and cannot be answered, not be run."""
    for task in tasks:
        task.abandoned = True


def _latest(tasks: Sequence[Task]) -> Call:
    """Returns a call that lasts until nobody waits for the batch any more."""
    deadlines = [task.call.deadline for task in tasks]
    known = [deadline for deadline in deadlines if deadline is not None]
    return Call(max(known)) if len(known) == len(deadlines) else ENDLESS


def _again(error: Exception) -> Exception:
    """Returns `error` for one more thread: an exception that is raised twice mixes its traces."""
    if isinstance(error, StatusError):
        return StatusError(error.code, error.message)
    return StatusError(Code.INTERNAL, str(error))
