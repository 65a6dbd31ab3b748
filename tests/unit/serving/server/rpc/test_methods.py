from __future__ import annotations

from tfline.serving.server.rpc.methods import truncated


def test_long_error_text_is_cut():
    assert truncated("a" * 1024) == "a" * 1024
    assert truncated("a" * 1025) == "a" * 1024 + "...TRUNCATED"
