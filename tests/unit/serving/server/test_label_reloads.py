"""Labels of a server: given once their versions are loaded, or cannot be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tfline.serving.labels import Labels, config_text
from tfline.serving.protos import model_pb2
from tfline.serving.server.core import ServerCore
from tfline.serving.server.manager import Manager, ManagerOptions
from tfline.serving.server.model_config import ModelServerConfig, read_text_proto, wait_for_change
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError


class Runner:
    def run(self, feeds, fetches, call=None):
        return []

    def close(self) -> None:
        pass


class Slow:
    """Loads versions, each once it may; those that are broken never."""

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self.may_load: dict[int, threading.Event] = {}

    def __call__(self, name: str, version: int, folder: Path) -> Servable:
        if version in self.may_load:
            assert self.may_load[version].wait(10)
        if version in self.broken:
            raise StatusError(Code.NOT_FOUND, "broken")
        return Servable(name, version, {}, Runner())


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def start(slow: Slow, tmp_path: Path) -> Iterator[Callable[..., ServerCore]]:
    """Makes a server of versions 1 to 3; with a retry that comes long after the test."""
    for number in "123":
        (tmp_path / number).mkdir()
    manager = Manager(slow, ManagerOptions(poll_seconds=0.05, load_retries=1, retry_seconds=600))

    def start(*, free_labels: bool = False) -> ServerCore:
        return ServerCore(manager, free_labels=free_labels)

    yield start
    for event in slow.may_load.values():
        event.set()
    manager.stop()


def config(folder: Path, loaded: tuple[int, ...] = (), **labels: int) -> ModelServerConfig:
    file = folder / "models.config"
    file.write_text(config_text("m", str(folder), Labels(labels, loaded)))
    return read_text_proto(str(file), ModelServerConfig())


def answering(core: ServerCore, label: str) -> int:
    with core.hold(model_pb2.ModelSpec(name="m", version_label=label)) as servable:
        return servable.version


def test_start_waits_for_every_label_that_is_loading(start, slow: Slow, tmp_path: Path) -> None:
    slow.may_load[1] = threading.Event()
    core = start()
    threading.Timer(0.3, slow.may_load[1].set).start()
    core.reload(config(tmp_path, (1, 3), stable=1, canary=3))
    assert (answering(core, "stable"), answering(core, "canary")) == (1, 3)


@pytest.mark.parametrize("lost", ["gone", "broken"])
def test_rest_is_served_without_a_version_that_is_lost(
    start, slow: Slow, tmp_path: Path, lost: str
) -> None:
    if lost == "gone":
        (tmp_path / "3").rmdir()
    slow.broken.add(3)
    core = start(free_labels=True)
    core.reload(config(tmp_path, (1, 3), stable=1, canary=3))
    assert answering(core, "stable") == 1
    with pytest.raises(StatusError) as caught:
        answering(core, "canary")
    assert str(caught.value) == "NOT_FOUND: Servable not found for request: Specific(m, 3)"


def test_label_on_a_lost_version_is_refused_unless_labels_are_free(
    start, slow: Slow, tmp_path: Path
) -> None:
    slow.broken.add(3)
    with pytest.raises(StatusError, match="label to version 3 of model m, which is not currently"):
        start().reload(config(tmp_path, (1, 3), stable=1, canary=3))


def test_label_moves_in_one_reload_to_a_version_that_is_loaded_for_it(
    start, slow: Slow, tmp_path: Path
) -> None:
    slow.may_load[2] = threading.Event()
    core = start(free_labels=True)
    core.reload(config(tmp_path, (1,), stable=1))
    threading.Timer(0.3, slow.may_load[2].set).start()
    core.reload(config(tmp_path, (1, 2), stable=2))
    assert answering(core, "stable") == 2


def test_label_that_would_lose_its_version_stays(start, slow: Slow, tmp_path: Path) -> None:
    slow.broken.add(2)
    core = start(free_labels=True)
    core.reload(config(tmp_path, (1,), stable=1))
    with pytest.raises(StatusError, match="label to version 2 of model m, which is not currently"):
        core.reload(config(tmp_path, (1, 2), stable=2))
    assert answering(core, "stable") == 1


def test_change_of_a_file_ends_the_wait(tmp_path: Path) -> None:
    file = tmp_path / "models.config"
    file.write_text("before")
    changed = threading.Event()

    def replace() -> None:
        changed.set()
        (tmp_path / "staged").write_text("behind")
        (tmp_path / "staged").replace(file)

    threading.Timer(0.2, replace).start()
    waiting = threading.Thread(target=wait_for_change, args=(str(file), 60.0))
    waiting.start()
    waiting.join(10)
    assert changed.is_set()
    assert not waiting.is_alive()
    wait_for_change(str(tmp_path / "none"), 0.01)
