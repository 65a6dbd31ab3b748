from __future__ import annotations

import asyncio

import pytest

from tfline.serving.server.coroutines import run_here


async def answer(seconds):
    if seconds is not None:
        await asyncio.sleep(seconds)
    return "answer"


def test_coroutine_that_does_not_wait_needs_no_loop():
    assert run_here(answer(None)) == "answer"


def test_coroutine_that_waits_is_refused():
    with pytest.raises(RuntimeError, match="no event loop"):
        run_here(answer(0))
