from __future__ import annotations

import os

import pytest

from tfline.serving.server.flags import Flags
from tfline.serving.server.loading import session_config
from tfline.serving.server.status import StatusError


@pytest.mark.parametrize(
    ("flags", "intra", "inter"),
    [
        ({"tensorflow_session_parallelism": 3}, 3, 3),
        ({"tensorflow_session_parallelism": 3, "tensorflow_intra_op_parallelism": 2}, 2, 3),
        ({"tensorflow_inter_op_parallelism": 5, "tensorflow_intra_op_parallelism": 2}, 2, 5),
        ({}, max(1, (os.cpu_count() or 1) // 4), 0),
    ],
)
def test_parallelism_flags_set_the_threads(flags, intra, inter):
    config = session_config(Flags(**flags))
    assert config.intra_op_parallelism_threads == intra
    assert config.inter_op_parallelism_threads == inter


def test_gpu_fraction_is_passed_on():
    config = session_config(Flags(per_process_gpu_memory_fraction=0.5))
    assert config.gpu_options.per_process_gpu_memory_fraction == 0.5


def test_session_config_file_says_all(tmp_path):
    path = tmp_path / "session.config"
    path.write_text("intra_op_parallelism_threads: 7")
    config = session_config(
        Flags(tensorflow_session_config_file=str(path), tensorflow_intra_op_parallelism=2)
    )
    assert config.intra_op_parallelism_threads == 7
    path.write_text("threads: 7")
    with pytest.raises(StatusError, match="Invalid protobuf file"):
        session_config(Flags(tensorflow_session_config_file=str(path)))
