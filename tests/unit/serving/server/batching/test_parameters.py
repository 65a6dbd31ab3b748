from __future__ import annotations

import pytest

from tfline.serving.server.batching.parameters import BatchingOptions, read_options
from tfline.serving.server.status import StatusError


def read(tmp_path, text: str) -> BatchingOptions:
    path = tmp_path / "batching.config"
    path.write_text(text)
    return read_options(path)


def test_values_are_read_and_the_rest_has_defaults(tmp_path):
    options = read(
        tmp_path,
        "max_batch_size { value: 128 } batch_timeout_micros { value: 1500 } "
        "num_batch_threads { value: 3 } allowed_batch_sizes: [1, 128] "
        "pad_variable_length_inputs: true thread_pool_name { value: 'p' }",
    )
    assert options == BatchingOptions(
        max_batch_size=128, timeout=0.0015, threads=3, allowed_sizes=(1, 128), pad_inputs=True
    )


def test_splitting_limits_what_runs_at_once(tmp_path):
    text = "enable_large_batch_splitting { value: true } max_execution_batch_size { value: 10 }"
    assert read(tmp_path, text).batch_limit == 10


@pytest.mark.parametrize(
    "text",
    [
        "max_batch_size { value: 0 }",
        "num_batch_threads { value: 0 }",
        "allowed_batch_sizes: [2, 1, 1000]",
        "allowed_batch_sizes: [1, 2]",
        "max_batch_size: 3",
        "unknown: 1",
    ],
)
def test_wrong_value_is_an_error(tmp_path, text):
    with pytest.raises(StatusError, match="INVALID_ARGUMENT"):
        read(tmp_path, text)
