from __future__ import annotations

import os

from tfline.serving.server.flags import parse
from tfline.serving.server.manager import ManagerOptions
from tfline.serving.server.server import manager_options


def test_flags_say_how_versions_are_loaded():
    flags, unknown = parse(
        [
            "--file_system_poll_wait_seconds=7",
            "--max_num_load_retries=2",
            "--load_retry_interval_micros=1500000",
            "--num_load_threads=3",
            "--num_unload_threads=4",
        ]
    )
    assert not unknown
    assert manager_options(flags) == ManagerOptions(
        poll_seconds=7,
        load_retries=2,
        retry_seconds=1.5,
        load_threads=3,
        unload_threads=4,
        initial_load_threads=4 * os.cpu_count(),
    )
