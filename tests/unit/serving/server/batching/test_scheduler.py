from __future__ import annotations

import threading
import time

import pytest

from tfline.serving.server.batching.parameters import BatchingOptions
from tfline.serving.server.batching.scheduler import Scheduler, Task
from tfline.serving.server.call import Call
from tfline.serving.server.status import Code, StatusError


@pytest.fixture
def scheduler():
    scheduler = Scheduler(threads=1)
    yield scheduler
    scheduler.stop()


def tasks(*sizes, call=None):
    return [Task({}, size, call or Call.within(5)) for size in sizes]


def wait(*waiting):
    for task in waiting:
        assert task.wait()


def test_tasks_share_a_batch_up_to_its_size(scheduler):
    batches = []
    queue = scheduler.queue(
        BatchingOptions(max_batch_size=4, timeout=0.05),
        lambda batch: batches.append([task.size for task in batch]),
    )
    added = tasks(1, 2, 2, 4, 1)
    queue.add(added)
    wait(*added)
    assert batches == [[1, 2], [2], [4], [1]]


def test_batch_waits_for_its_timeout_unless_it_is_full(scheduler):
    queue = scheduler.queue(BatchingOptions(max_batch_size=2, timeout=0.2), lambda batch: None)
    (slow,), (full,) = tasks(1), tasks(2)
    start = time.monotonic()
    queue.add([full])
    wait(full)
    assert time.monotonic() - start < 0.15
    queue.add([slow])
    wait(slow)
    assert time.monotonic() - start >= 0.2


def test_full_queue_is_unavailable(scheduler):
    release = threading.Event()
    queue = scheduler.queue(
        BatchingOptions(max_batch_size=1, max_enqueued_batches=2), lambda batch: release.wait(5)
    )
    running, waiting = tasks(1), tasks(1, 1)
    queue.add(running)
    while queue.batches:
        time.sleep(0.01)
    queue.add(waiting)
    with pytest.raises(StatusError, match="UNAVAILABLE: The batch scheduling queue"):
        queue.add(tasks(1))
    release.set()
    wait(*running, *waiting)


def test_error_of_a_batch_reaches_all_its_tasks(scheduler):
    def fail(batch):
        raise ValueError("broken")

    queue = scheduler.queue(BatchingOptions(), fail)
    added = tasks(1, 1)
    queue.add(added)
    wait(*added)
    assert [str(task.error) for task in added] == ["broken", "broken"]


def test_wrong_request_fails_alone(scheduler):
    """Anybody may send one: it must not be the end of those that happen to be with it."""
    answered, runs = [], []

    def run(batch):
        runs.append(len(batch))
        if any(task.size == 2 for task in batch):
            raise StatusError(Code.INVALID_ARGUMENT, "Could not parse example input")
        answered.extend(batch)

    queue = scheduler.queue(BatchingOptions(max_batch_size=100, timeout=0.02), run)
    added = tasks(*[1] * 20, 2, *[1] * 11)
    queue.add(added)
    wait(*added)
    assert [task for task in added if task.error] == [added[20]]
    assert set(answered) == set(added) - {added[20]}
    assert len(runs) <= 11


def test_queues_take_turns(scheduler):
    order = []
    release = threading.Event()
    options = BatchingOptions(max_batch_size=1)
    first = scheduler.queue(options, lambda batch: (release.wait(5), order.append("first")))
    second = scheduler.queue(options, lambda batch: order.append("second"))
    added = tasks(1, 1, 1), tasks(1)
    first.add(added[0])
    second.add(added[1])
    release.set()
    wait(*added[0], *added[1])
    assert order.index("second") < 2


def test_batch_is_run_when_it_is_due_while_another_queue_is_busy():
    scheduler = Scheduler(threads=2)
    release = threading.Event()
    slow = scheduler.queue(BatchingOptions(timeout=0.0), lambda batch: release.wait(5))
    quick = scheduler.queue(BatchingOptions(timeout=0.0), lambda batch: None)
    due = scheduler.queue(BatchingOptions(timeout=0.1), lambda batch: None)
    (waiting,), (passing,), (blocking,) = tasks(1), tasks(1), tasks(1)
    due.add([waiting])  # one thread waits until it is due
    time.sleep(0.02)
    quick.add([passing])  # the other is awake, and goes to sleep again
    wait(passing)
    time.sleep(0.02)
    slow.add([blocking])  # wakes the first
    wait(waiting)
    release.set()
    wait(blocking)
    scheduler.stop()


def test_queue_is_forgotten_once_its_batch_is_done(scheduler):
    started, release, events = threading.Event(), threading.Event(), []

    def run(batch):
        started.set()
        assert release.wait(5)
        events.append("run")

    queue = scheduler.queue(BatchingOptions(), run)
    queue.add(tasks(1))
    assert started.wait(5)
    threading.Timer(0.05, release.set).start()
    scheduler.remove(queue)
    assert events == ["run"]


def test_task_that_nobody_waits_for_is_not_run(scheduler):
    release, batches = threading.Event(), []

    def run(batch):
        batches.append([task.size for task in batch])
        assert release.wait(5)

    queue = scheduler.queue(BatchingOptions(max_batch_size=6), run)
    (first,), (late,), (left,) = (
        tasks(6),
        tasks(1, call=Call.within(0.05)),
        tasks(2, call=Call(active=lambda: False)),
    )
    abandoned, wanted = tasks(1, 2)
    queue.add([first])
    queue.add([late, left, abandoned, wanted])
    assert not late.wait()
    abandoned.abandoned = True
    release.set()
    wait(first, wanted, left)
    assert batches == [[6], [2]]
    assert left.error.code is Code.CANCELLED


def test_queue_without_tasks_is_forgotten(scheduler):
    ended = []
    for _ in range(3):
        queue = scheduler.queue(BatchingOptions(), lambda batch: None, lambda: ended.append(1))
        added = tasks(1)
        queue.add(added)
        wait(*added)
    with scheduler.changed:
        assert scheduler.changed.wait_for(lambda: len(ended) == 3, 5)
    assert not scheduler._queues
