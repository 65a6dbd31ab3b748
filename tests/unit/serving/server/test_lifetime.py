from __future__ import annotations

import threading

import pytest

from tfline.serving.server.lifetime import Lifetime
from tfline.serving.server.status import Code, StatusError


def test_nothing_begins_once_it_is_closed():
    lifetime = Lifetime("The model")
    with lifetime:
        pass
    assert lifetime.close(0)
    assert not lifetime.close(0)
    with pytest.raises(StatusError, match="The model is unloaded") as caught, lifetime:
        pass
    assert caught.value.code is Code.UNAVAILABLE


def test_close_waits_for_uses_but_not_for_ever():
    lifetime, leave, events = Lifetime("The model"), threading.Event(), []

    def use():
        with lifetime:
            assert leave.wait(5)
            events.append("left")

    thread = threading.Thread(target=use)
    thread.start()
    threading.Timer(0.05, leave.set).start()
    assert lifetime.close(5)
    assert events == ["left"]
    thread.join()
    busy = Lifetime("The model")
    with busy:
        assert not busy.close(0.01)
