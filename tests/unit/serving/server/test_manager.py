"""The life of versions, with models that load instantly, slowly, or never."""

from __future__ import annotations

import threading
import time

import pytest

from tfline.serving.server.manager import Manager, ManagerOptions
from tfline.serving.server.model_config import single_model
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError
from tfline.serving.server.version import State, Version


class Model:
    """A model without a graph, which knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def run(self, feeds, fetches, timeout=None):
        return []

    def close(self) -> None:
        self.closed.set()


class Shelf:
    """Loads models, as told."""

    def __init__(self) -> None:
        self.fail: set[int] = set()
        self.attempts: list[int] = []
        self.models: dict[int, Model] = {}

    def __call__(self, name, version, folder):
        self.attempts.append(version)
        if version in self.fail:
            raise StatusError(Code.NOT_FOUND, "broken")
        self.models[version] = Model()
        return Servable(name, version, {}, self.models[version])


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def manage(shelf, tmp_path):
    managers = []

    def manage(**options):
        options = {"poll_seconds": 0.05, "load_retries": 0, "retry_seconds": 0} | options
        manager = Manager(shelf, ManagerOptions(**options))
        managers.append(manager)
        manager.set_models({"m": single_model("m", str(tmp_path)).model_config_list.config[0]})
        return manager

    yield manage
    for manager in managers:
        manager.stop()


def eventually(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def states(manager):
    return {number: state for number, state, _ in manager.statuses("m")}


def test_new_version_is_available_before_the_old_one_goes(manage, shelf, tmp_path):
    (tmp_path / "1").mkdir()
    manager = manage()
    assert manager.wait_until_available({"m"}) == []
    with manager.hold("m") as servable:
        assert servable.version == 1
        (tmp_path / "2").mkdir()
        eventually(lambda: states(manager) == {2: State.AVAILABLE, 1: State.UNLOADING})
        assert not shelf.models[1].closed.is_set()
    eventually(lambda: states(manager)[1] is State.END)
    assert shelf.models[1].closed.is_set()


def test_failed_version_leaves_the_old_one(manage, shelf, tmp_path):
    (tmp_path / "1").mkdir()
    shelf.fail.add(2)
    manager = manage()
    manager.wait_until_available({"m"})
    (tmp_path / "2").mkdir()
    eventually(lambda: states(manager) == {2: State.END, 1: State.AVAILABLE})
    time.sleep(0.3)
    assert shelf.attempts == [1, 2]


def test_load_is_tried_again(manage, shelf, tmp_path):
    (tmp_path / "1").mkdir()
    shelf.fail.add(1)
    manager = manage(load_retries=2)
    (error,) = manager.wait_until_available({"m"})
    assert error == "{name: m version: 1} due to error: NOT_FOUND: broken"
    assert shelf.attempts == [1, 1, 1]


def test_failed_version_is_tried_again_once_its_folder_was_away(manage, shelf, tmp_path):
    (tmp_path / "1").mkdir()
    shelf.fail.add(1)
    manager = manage()
    manager.wait_until_available({"m"})
    (tmp_path / "1").rmdir()
    time.sleep(0.3)
    shelf.fail.clear()
    (tmp_path / "1").mkdir()
    eventually(lambda: states(manager) == {1: State.AVAILABLE})


def test_retry_ends_when_the_version_disappears(manage, shelf, tmp_path):
    (tmp_path / "1").mkdir()
    shelf.fail.add(1)
    manager = manage(load_retries=9, retry_seconds=60)
    eventually(lambda: shelf.attempts)
    assert states(manager) == {1: State.LOADING}
    (tmp_path / "1").rmdir()
    eventually(lambda: states(manager) == {1: State.END})


def test_base_path_is_read_once_or_never(manage, tmp_path):
    once, never = manage(poll_seconds=0), manage(poll_seconds=-1)
    time.sleep(0.3)
    (tmp_path / "1").mkdir()
    time.sleep(0.3)
    assert states(once) == states(never) == {}


def test_unavailable_version_cannot_be_held(manage, tmp_path):
    (tmp_path / "1").mkdir()
    manager = manage()
    manager.wait_until_available({"m"})
    with pytest.raises(StatusError, match=r"Specific\(m, 3\)"), manager.hold("m", 3):
        pass
    with pytest.raises(StatusError, match=r"Latest\(other\)"), manager.hold("other"):
        pass


def test_versions_are_loaded_and_unloaded_side_by_side(tmp_path):
    together = threading.Barrier(2)

    class Together(Model):
        def close(self):
            together.wait(5)
            super().close()

    models = {}

    def load(name, version, folder):
        if version > 1:
            together.wait(5)
        models[version] = Model() if version == 1 else Together()
        return Servable(name, version, {}, models[version])

    options = ManagerOptions(poll_seconds=0.05, load_retries=0, load_threads=2, unload_threads=2)
    config = single_model("m", str(tmp_path)).model_config_list.config[0]
    config.model_version_policy.all.SetInParent()
    manager = Manager(load, options)
    (tmp_path / "1").mkdir()
    manager.set_models({"m": config})
    manager.wait_until_available({"m"})
    for version in ("2", "3"):
        (tmp_path / version).mkdir()
    eventually(lambda: list(states(manager).values()) == [State.AVAILABLE] * 3)
    for version in ("2", "3"):
        (tmp_path / version).rmdir()
    eventually(lambda: models[2].closed.is_set() and models[3].closed.is_set())
    manager.stop()


def test_whatever_a_folder_holds_the_next_version_is_loaded(manage, tmp_path, monkeypatch):
    (tmp_path / "1").mkdir()
    manager = manage()
    manager.wait_until_available({"m"})
    (tmp_path / "9").symlink_to("9")  # a loop
    (tmp_path / ("7" * 400)[:255]).mkdir()
    monkeypatch.setattr(manager, "_act", failing_once(manager._act))
    (tmp_path / "2").mkdir()
    eventually(lambda: states(manager).get(2) is State.AVAILABLE)


def failing_once(method):
    calls = []

    def fail(versions):
        calls.append(versions)
        if len(calls) == 1:
            raise RuntimeError("unforeseen")
        return method(versions)

    return fail


def test_ended_versions_are_forgotten_in_time(manage, tmp_path, monkeypatch):
    monkeypatch.setattr("tfline.serving.server.registry._REMEMBERED", 2)
    manager = manage()
    for number in range(1, 6):
        (tmp_path / str(number)).mkdir()
        eventually(lambda n=number: states(manager).get(n) is State.AVAILABLE)
    eventually(lambda: list(states(manager)) == [5, 4, 3])


def test_version_is_found_at_once_however_many_there_were(manage, tmp_path):
    (tmp_path / "1").mkdir()
    manager = manage()
    manager.wait_until_available({"m"})
    few = hold_seconds(manager)
    with manager._changed:
        manager._versions["m"] |= {
            n: Version("m", n, tmp_path, aspired=False, state=State.END) for n in range(2, 20_000)
        }
        many = hold_seconds(manager)
    assert many < 20 * few  # to sort them takes a thousand times longer


def hold_seconds(manager):
    def seconds():
        start = time.perf_counter()
        with manager.hold("m"):
            return time.perf_counter() - start

    return min(seconds() for _ in range(100))
