from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor

from tfline.serving.server import c_api


def test_library_is_loaded_once_and_stderr_survives(monkeypatch):
    loaded = []
    original = ctypes.CDLL

    def load(path):
        loaded.append(path)
        return original(path)

    monkeypatch.setattr(c_api.ctypes, "CDLL", load)
    c_api._library.cache_clear()
    c_api.library.cache_clear()
    before = os.fstat(2)
    with ThreadPoolExecutor(8) as pool:
        libraries = list(pool.map(lambda _: c_api.library(), range(8)))
    assert len(loaded) == 1
    assert all(library is libraries[0] for library in libraries)
    assert os.path.samestat(os.fstat(2), before)
