from __future__ import annotations

import os

import pytest

from tfline.serving.server.flags import Flags, UsageError, parse, usage, with_environment


def test_both_ways_to_write_a_value_are_read():
    flags, unknown = parse(["--port=1", "--model_name", "m", "--enable_batching"])
    assert flags == Flags(port=1, model_name="m", enable_batching=True)
    assert unknown == []


@pytest.mark.parametrize(("text", "value"), [("", True), ("=true", True), ("=false", False)])
def test_boolean_may_have_a_value(text, value):
    assert parse([f"--enable_model_warmup{text}"])[0].enable_model_warmup is value


def test_unknown_arguments_are_returned():
    flags, unknown = parse(["--nope=1", "stray", "--port=2"])
    assert unknown == ["--nope=1", "stray"]
    assert flags.port == 2


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--port=x"], ["--port="], ["--port"], ["--enable_batching=1"], ["--port=1.5"]],
)
def test_bad_value_asks_for_usage(arguments):
    with pytest.raises(UsageError):
        parse(arguments)


def test_usage_lists_every_flag():
    assert all(f"--{name}=" in usage() for name in Flags.__dataclass_fields__)


@pytest.mark.parametrize(
    ("environment", "name", "base_path"),
    [
        ({"MODEL_NAME": "taxi"}, "taxi", "/models/taxi"),
        ({"MODEL_BASE_PATH": "/mnt"}, "model", "/mnt/model"),
        ({"MODEL_NAME": "taxi", "MODEL_BASE_PATH": "/mnt"}, "taxi", "/mnt/taxi"),
    ],
)
def test_environment_of_the_docker_image_names_the_model(environment, name, base_path):
    flags = with_environment(Flags(), environment)
    assert (flags.model_name, flags.model_base_path) == (name, base_path)
    assert (flags.port, flags.rest_api_port) == (8500, 8501)


@pytest.mark.parametrize("flag", ["model_base_path", "model_config_file"])
def test_flags_win_over_the_environment(flag):
    flags = Flags(**{flag: "/here"})
    assert with_environment(flags, {"MODEL_NAME": "taxi"}) == flags
    assert with_environment(Flags(), {"PATH": "/bin"}) == Flags()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", ""])
def test_number_of_processes_is_positive_or_auto(text):
    assert Flags(processes="3").worker_processes == 3
    assert Flags(processes="auto").worker_processes == os.cpu_count()
    with pytest.raises(UsageError, match="processes"):
        _ = Flags(processes=text).worker_processes
