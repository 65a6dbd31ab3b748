from __future__ import annotations

import json

import pytest

from tfline.serving.channel import Tls, channel_options, checked_target
from tfline.serving.errors import ServingError


def test_only_what_was_not_answered_is_retried():
    (config,) = json.loads(dict(channel_options())["grpc.service_config"])["methodConfig"]
    assert config["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]


def test_own_options_are_added_and_win():
    options = dict(channel_options({"grpc.keepalive_time_ms": 9, "grpc.service_config": "{}"}))
    assert options["grpc.keepalive_time_ms"] == 9
    assert options["grpc.service_config"] == "{}"
    assert options["grpc.max_receive_message_length"] == -1


@pytest.mark.parametrize(
    "target", ["localhost:8500", "[::1]:8500", "dns:///models.example:80", "unix:/tmp/models.sock"]
)
def test_address_with_a_port_or_a_scheme_is_taken(target):
    assert checked_target(target) == target


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        ("models.example", "models.example:8500"),
        ("http://models.example:8501/v1", "models.example:8500"),
        ("", "localhost:8500"),
    ],
)
def test_address_without_a_port_is_refused(target, advice):
    with pytest.raises(ServingError, match="Expected host:port") as caught:
        checked_target(target)
    assert advice in caught.value.hint


@pytest.mark.parametrize("files", [{"private_key": "a.key"}, {"certificate": "a.pem"}])
def test_key_without_its_certificate_is_refused(files):
    """GRPC ends the process for it."""
    with pytest.raises(ServingError, match="private_key and certificate go together"):
        Tls("ca.pem", **files)
