"""Reloads of the configuration, with models that load instantly, or never."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tfline.serving.server.call import Call
from tfline.serving.server.core import ServerCore
from tfline.serving.server.manager import Manager, ManagerOptions
from tfline.serving.server.model_config import ModelServerConfig
from tfline.serving.server.servable import Servable
from tfline.serving.server.status import Code, StatusError


class Model:
    def run(self, feeds, fetches, call):
        return []

    def close(self):
        pass


def load(name, version, folder):
    if name == "broken":
        raise StatusError(Code.NOT_FOUND, "broken")
    return Servable(name, version, {}, Model())


@pytest.fixture
def core():
    manager = Manager(load, ManagerOptions(poll_seconds=0.05, load_retries=0, retry_seconds=0))
    yield ServerCore(manager)
    manager.stop()


@pytest.fixture
def models(tmp_path):
    """Makes a configuration of models; those called ``missing`` have no folder."""

    def models(*names):
        config = ModelServerConfig()
        for name in names:
            if name != "missing":
                (tmp_path / name / "1").mkdir(parents=True, exist_ok=True)
            config.model_config_list.config.add(
                name=name, base_path=str(tmp_path / name), model_platform="tensorflow"
            )
        return config

    return models


def code(core, config, seconds=5.0):
    try:
        core.reload(config, Call.within(seconds))
    except StatusError as error:
        return error.code
    return Code.OK


def test_reload_ends_at_its_deadline(core, models):
    assert code(core, models("good", "missing"), 0.2) is Code.DEADLINE_EXCEEDED
    assert code(core, models("good", "missing"), 0.2) is Code.DEADLINE_EXCEEDED


def test_reload_ends_when_its_client_leaves(core, models):
    with pytest.raises(StatusError, match="CANCELLED"):
        core.reload(models("missing"), Call(active=lambda: False))


def test_later_reload_takes_the_place_of_one_that_waits(core, models):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(code, core, models("missing"), 30.0)
        while not core._models:
            threading.Event().wait(0.01)
        assert code(core, models("good")) is Code.OK
        assert waiting.result(5) is Code.ABORTED


def test_failed_reload_fails_again(core, models):
    assert code(core, models("good")) is Code.OK
    for _ in range(2):
        assert code(core, models("good", "broken")) is Code.UNKNOWN
    assert code(core, models("good")) is Code.OK


def test_path_with_a_nul_is_refused(core, models):
    config = models("good")
    config.model_config_list.config[0].base_path += "\0"
    assert code(core, config) is Code.INVALID_ARGUMENT
