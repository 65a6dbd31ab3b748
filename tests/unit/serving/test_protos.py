"""The messages load without TensorFlow, and are the same ones with it."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_client_loads_without_tensorflow_and_fast():
    code = (
        "import sys, time; start = time.process_time();"
        "import tfline.serving.client, serving.async_client;"
        "print(time.process_time() - start < 1.0,"
        " any(m.split('.')[0] == 'tensorflow' for m in sys.modules))"
    )
    assert run(code) == "True False"


def test_messages_are_those_of_a_later_import():
    code = (
        "from serving.protos import example_pb2 as ours;"
        "import sys; sys.path.insert(0, '.');"
        "from serving.protos import _tensorflow_stand_in;"
        "stand_in = _tensorflow_stand_in(); stand_in.__enter__();"
        "from tensorflow.core.example import example_pb2 as theirs;"
        "print(ours.Example is theirs.Example)"
    )
    assert run(code) == "True"
