"""Models with operators of other wheels answer as in Python, without importing anything."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.integration.serving.conftest import Grpc, predict_request, tensor
from tfline.serving.process import start_server
from tfline.serving.protos import types_pb2
from tfline.serving.server.operators import Operators
from tfline.serving.server.status import Code, StatusError
from tfline.serving.wheels import WHEELS


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("operators")
    script = Path(__file__).with_name("build_operator_models.py")
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
    for name in ("words", "forest"):
        (folder / name).rename(folder / "1")
        (folder / name).mkdir()
        (folder / "1").rename(folder / name / "1")
    return folder


def test_answers_are_those_of_python(built: Path):
    expected = json.loads((built / "answers.json").read_text(encoding="utf-8"))
    config = built / "models.config"
    models = (
        f'config {{ name: "{name}" base_path: "{built / name}" model_platform: "tensorflow" }}'
        for name in ("words", "forest")
    )
    config.write_text(f"model_config_list {{ {' '.join(models)} }}")
    with start_server(built / "words", "words", flags=[f"--model_config_file={config}"]) as server:
        api = Grpc(server.target)
        values = tensor([word.encode() for word in expected["words"]], types_pb2.DT_STRING)
        words = api.call("Predict", predict_request(name="words", x=values)).outputs
        assert [value.decode() for value in words["folded"].string_val] == expected["folded"]
        assert list(words["count"].float_val) == expected["count"]
        request = predict_request(name="forest", f=expected["rows"], g=expected["rows"])
        (forest,) = api.call("Predict", request).outputs.values()
        assert list(forest.float_val) == pytest.approx(expected["forest"])


def test_library_can_be_named(built: Path):
    (library,) = (wheel for wheel in WHEELS if wheel.name == "ydf-tf")
    (path,) = library.files()
    with start_server(built / "forest", "forest", flags=[f"--load_libraries={path}"]) as server:
        assert f"Loaded the operators of {path}" in server.output()


def missing(operator: str) -> StatusError:
    return StatusError(Code.NOT_FOUND, f"Op type not registered '{operator}' in binary")


@pytest.mark.parametrize(
    ("operator", "hint"),
    [
        ("SimpleMLInferenceOp", "pip install ydf-tf"),
        ("TFText>RoundRobinTrim", "pip install tensorflow-text"),
        ("WordpieceTokenizeWithOffsets", "pip install tensorflow-text"),
        ("Mine", "--load_libraries"),
    ],
)
def test_error_says_where_an_operator_is(monkeypatch, operator: str, hint: str):
    monkeypatch.setattr("tfline.serving.wheels.Wheel.files", lambda wheel: [])
    with pytest.raises(StatusError, match=hint) as caught:
        Operators().provide(missing(operator))
    assert caught.value.code is Code.NOT_FOUND
    assert operator in caught.value.message


def test_library_and_session_are_not_loaded_at_the_same_time(tmp_path: Path):
    operators, ended = Operators(), threading.Event()

    def load():
        with pytest.raises(StatusError):
            operators.load([tmp_path / "nosuch.so"])
        ended.set()

    with operators.looked_up(), operators.looked_up():  # sessions do not wait for each other
        thread = threading.Thread(target=load)
        thread.start()
        assert not ended.wait(0.2)
    thread.join(20)
    assert ended.is_set()
    with operators.looked_up():
        pass


def test_library_that_cannot_be_loaded_is_an_error(tmp_path: Path):
    with pytest.raises(StatusError, match=r"nosuch\.so cannot be loaded"):
        Operators().load([tmp_path / "nosuch.so"])
