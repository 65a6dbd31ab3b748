from __future__ import annotations

import pytest
from google.protobuf import text_format

from tfline.serving.server.model_config import (
    ModelServerConfig,
    check,
    read_text_proto,
    single_model,
)
from tfline.serving.server.status import Code, StatusError


def config(text: str) -> ModelServerConfig:
    return text_format.Parse(f"model_config_list {{ {text} }}", ModelServerConfig())


def test_single_model_is_a_valid_configuration():
    assert list(check(single_model("m", "/m"))) == ["m"]


def test_remote_base_path_is_accepted():
    assert "m" in check(single_model("m", "gs://bucket/m"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "config { base_path: '/m' model_platform: 'tensorflow' }",
            "Expected model to have a name",
        ),
        ("config { name: 'm' base_path: 'm' }", "absolute path or URI; got base_path()=m"),
        ("config { name: 'm' base_path: '/m' }", "requests unsupported platform"),
        (
            "config { name: 'm' base_path: '/m' model_type: TENSORFLOW model_platform: 'x' }",
            "Illegal setting both",
        ),
    ],
)
def test_wrong_model_is_an_invalid_argument(text, message):
    with pytest.raises(StatusError) as caught:
        check(config(text))
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert message in caught.value.message


def test_unreadable_file_is_an_invalid_argument(tmp_path):
    path = tmp_path / "none"
    with pytest.raises(StatusError, match=f"Invalid protobuf file: '{path}'"):
        read_text_proto(str(path), ModelServerConfig())
