"""Threads that all queues share: they take the next batch that is ready, queue after queue."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tfline.serving.server.batching.parameters import BatchingOptions
from tfline.serving.server.call import ENDLESS, Call
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.tensor import Tensor

_REMOVE_SECONDS = 30.0  # the longest that a batch under way is waited for


class Task:
    """A request that waits to be run.

    Args:
        feeds: The values of its inputs; dimension 0 of all is `size`.
        size: The number of its rows.
        call: Until when its outputs are wanted.

    Attributes:
        outputs: The values of its outputs.
        error: Why there are none.
        abandoned: Whether nobody waits for it any more.
    """

    __slots__ = ("_over", "abandoned", "call", "error", "feeds", "outputs", "size")

    def __init__(self, feeds: Mapping[str, Tensor], size: int, call: Call = ENDLESS) -> None:
        self.feeds = feeds
        self.size = size
        self.call = call
        self.outputs: Sequence[Tensor] = ()
        self.error: Exception | None = None
        self.abandoned = False
        self._over = threading.Lock()
        self._over.acquire()

    def finish(self) -> None:
        """Says that there are outputs or an error."""
        self._over.release()

    def wait(self) -> bool:
        """Blocks until there are outputs or an error; returns False if the deadline came first."""
        seconds = self.call.seconds_left()
        return self._over.acquire(timeout=-1 if seconds is None else max(0.0, seconds))

    def expired(self) -> StatusError | None:
        """Returns why it need not be run any more; None if it has to."""
        try:
            self.call.check()
        except StatusError as error:
            return error
        return StatusError(Code.CANCELLED, "Nobody waits for it") if self.abandoned else None


@dataclass(eq=False)
class _Batch:
    """Tasks that will be run together."""

    ready_at: float
    tasks: list[Task] = field(default_factory=list)
    size: int = 0


RunBatch = Callable[[Sequence[Task]], None]
"""Runs tasks together: sets the outputs of each, or raises."""


class Queue:
    """The batches of one kind of request; made by `Scheduler.queue`.

    Attributes:
        run: What a batch does.
        end: Called once its last batch is done.
        batches: Those that wait.
        running: How many are under way.
        listed: Whether the threads of the scheduler look after it: while it has any.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        options: BatchingOptions,
        run: RunBatch,
        end: Callable[[], object],
    ) -> None:
        self._scheduler = scheduler
        self._options = options
        self.run = run
        self.end = end
        self.batches: deque[_Batch] = deque()
        self.running = 0
        self.listed = False

    def add(self, tasks: Sequence[Task]) -> None:
        """Puts `tasks` into the queue, all or none.

        Raises:
            StatusError: UNAVAILABLE if the queue is full.
        """
        with self._scheduler.changed:
            if self._needed(tasks) > self._options.max_enqueued_batches:
                raise StatusError(
                    Code.UNAVAILABLE,
                    "The batch scheduling queue to which this task was submitted is full; "
                    f"currently {len(self.batches)} batches enqueued and max_enqueued_batches is "
                    f"{self._options.max_enqueued_batches}",
                )
            ready_at = self.ready_at()
            self._scheduler.look_after(self)
            for task in tasks:
                if not self.batches or not self._fits(self.batches[-1].size, task):
                    self.batches.append(_Batch(time.monotonic() + self._options.timeout))
                batch = self.batches[-1]
                batch.tasks.append(task)
                batch.size += task.size
            if self.ready_at() < ready_at:  # else a thread waits for this batch already
                self._scheduler.changed.notify()

    def ready_at(self) -> float:
        """Returns when the first batch is to be run; a full one is ready now."""
        if not self.batches:
            return float("inf")
        first = self.batches[0]
        full = len(self.batches) > 1 or first.size >= self._options.batch_limit
        return 0.0 if full else first.ready_at

    def _fits(self, size: int, task: Task) -> bool:
        return size + task.size <= self._options.batch_limit

    def _needed(self, tasks: Sequence[Task]) -> int:
        """Returns how many batches there would be with `tasks`."""
        count, size = len(self.batches), self.batches[-1].size if self.batches else 0
        for task in tasks:
            if count and self._fits(size, task):
                size += task.size
            else:
                count, size = count + 1, task.size
        return count


class Scheduler:
    """Runs the batches of all queues.

    Args:
        threads: Batches that are run at a time.
    """

    def __init__(self, threads: int) -> None:
        self.changed = threading.Condition()
        self._queues: deque[Queue] = deque()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{index}", daemon=True)
            for index in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def queue(
        self, options: BatchingOptions, run: RunBatch, end: Callable[[], object] = lambda: None
    ) -> Queue:
        """Returns a new queue, which the scheduler knows only while it has batches.

        Args:
            options: How batches are formed.
            run: What a batch does.
            end: Called when its last batch is done, while `changed` is held.
        """
        return Queue(self, options, run, end)

    def look_after(self, queue: Queue) -> None:
        """Has the threads look after a queue, which has something to do; `changed` is held."""
        if not queue.listed:
            queue.listed = True
            self._queues.append(queue)

    def _forget(self, queue: Queue) -> None:
        if queue.listed:
            queue.listed = False
            self._queues.remove(queue)
            queue.end()

    def remove(self, queue: Queue) -> None:
        """Fails what waits in a queue, and forgets it once its batches under way are done."""
        with self.changed:
            waiting = [task for batch in queue.batches for task in batch.tasks]
            queue.batches.clear()
            self._forget(queue)
            for task in waiting:
                task.error = StatusError(Code.UNAVAILABLE, "The model is unloaded")
                task.finish()
            self.changed.wait_for(lambda: not queue.running, _REMOVE_SECONDS)

    def stop(self, seconds: float = 1.0) -> None:
        """Ends the threads once the batches under way are done, which is waited for `seconds`."""
        with self.changed:
            self._stopped = True
            self.changed.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            queue, tasks = taken
            self._run(queue, tasks)
            with self.changed:
                queue.running -= 1
                if not queue.running and not queue.batches:
                    self._forget(queue)
                self.changed.notify_all()

    def _run(self, queue: Queue, tasks: Sequence[Task]) -> None:
        """Runs the tasks of a batch that somebody still waits for."""
        wanted = []
        for task in tasks:
            task.error = task.expired()
            if task.error is None:
                wanted.append(task)
        self._run_together(queue, wanted)
        for task in tasks:
            task.finish()

    def _run_together(self, queue: Queue, tasks: Sequence[Task]) -> None:
        """Runs tasks. If the request of one is wrong, the others have their answers all the same.

        The wrong ones are found by halves: each of them costs some more runs, and no one's answer.
        """
        if not tasks:
            return
        try:
            queue.run(tasks)
        except Exception as error:
            wrong = isinstance(error, StatusError) and error.code is Code.INVALID_ARGUMENT
            if wrong and len(tasks) > 1:
                half = len(tasks) // 2
                self._run_together(queue, tasks[:half])
                self._run_together(queue, tasks[half:])
                return
            for task in tasks:
                task.error = error

    def _take(self) -> tuple[Queue, list[Task]] | None:
        """Waits for a batch that is ready; None once the scheduler stops."""
        with self.changed:
            while not self._stopped:
                queue = min(self._queues, key=Queue.ready_at, default=None)
                ready_at = queue.ready_at() if queue else float("inf")
                now = time.monotonic()
                if queue and ready_at <= now:
                    self._queues.remove(queue)
                    self._queues.append(queue)  # the others come first next time
                    batch = queue.batches.popleft()
                    queue.running += 1
                    if any(queue.batches for queue in self._queues):
                        self.changed.notify()
                    return queue, batch.tasks
                self.changed.wait(None if ready_at == float("inf") else ready_at - now)
            return None
