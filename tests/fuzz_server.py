"""Feeds a server damaged inputs by the thousand, and says how its memory has grown meanwhile.

    .venv/bin/python -m tests.fuzz_server grpc 100000

`grpc` and `rest` send damaged requests to a server of its own; `configs` reads damaged
configuration files; `folders` loads damaged SavedModels, in processes of their own, since it is
TensorFlow's C++ that reads these. What is answered otherwise than by an error of the client's is
printed, with the input, and so is what ends a process. The inputs are the same each time.
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import grpc
import psutil

from tests.integration.serving.conftest import METHODS, example, free_port, predict_request, tensor
from tests.integration.serving.test_fuzz import ALLOWED, damaged
from tfline.serving.process import start_server
from tfline.serving.protos import classification_pb2, inference_pb2, types_pb2
from tfline.serving.server import model_config, settings
from tfline.serving.server.batching.parameters import read_options
from tfline.serving.server.session import Session
from tfline.serving.server.status import StatusError
from tfline.serving.server.tls import server_credentials

THREADS = 4
PORTION = 500
"""Inputs of a random generator; folders that one process loads."""

GRPC_CODES = {*ALLOWED, "UNIMPLEMENTED"}  # a task of MultiInference names its method
REST_STATUSES = {200, 400, 404, 501}
TOKENS = re.compile(rb'"[^"]*"|[-\w.+]+|\S')
STRANGE = (
    *(b"null", b"true", b"-1", b"1e999", b"NaN", b"-Infinity", b"Inf", b"18446744073709551616"),
    *(
        b"[]",
        b"[[]]",
        b"{}",
        b'{"b64": "AA=="}',
        b'{"b64": "A"}',
        b'""',
        b'"\\ud800"',
        b"0.5",
        b"9" * 400,
    ),
    *(b"[" * 2000, b"]", b"}", b",", b":"),
)

TINY = """
import sys, tensorflow as tf
module = tf.Module()
module.half = tf.Variable(0.5)
@tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
def serve(x):
    return {"y": module.half * x + 2.0}
module.serve = serve
tf.saved_model.save(module, sys.argv[1], signatures=serve)
"""

CONFIGS = {
    "models": """model_config_list { config { name: "a" base_path: "/models/a"
        model_platform: "tensorflow" model_version_policy { specific { versions: 1 } }
        version_labels { key: "stable" value: 1 }
        logging_config { log_collector_config { filename_prefix: "/log/a" }
        sampling_config { sampling_rate: 0.5 } } } }""",
    "batching": """max_batch_size { value: 64 } batch_timeout_micros { value: 2000 }
        allowed_batch_sizes: 8 allowed_batch_sizes: 64 num_batch_threads { value: 2 }""",
    "monitoring": 'prometheus_config { enable: true, path: "/metrics" }',
    "tls": 'server_key: "key" server_cert: "cert" custom_ca: "ca" client_verify: true',
}
READERS: dict[str, Callable[[str], object]] = {
    "models": lambda path: model_config.check(
        model_config.read_text_proto(path, model_config.ModelServerConfig())
    ),
    "batching": read_options,
    "monitoring": lambda path: model_config.read_text_proto(path, settings.MonitoringConfig()),
    "tls": server_credentials,
}


def changed(content: bytes, rng: random.Random) -> bytes:
    """Returns content with one token or byte that is another, or damaged in several places."""
    kind = rng.randrange(4)
    if kind == 0:
        return damaged(content, rng)
    tokens = list(TOKENS.finditer(content))
    if kind == 1 and tokens:
        token = rng.choice(tokens)
        return content[: token.start()] + rng.choice(STRANGE) + content[token.end() :]
    at = rng.randrange(len(content)) if content else 0
    other = rng.randrange(256) if kind == 2 else 1 << rng.randrange(8) ^ content[at]
    return content[:at] + bytes([other]) + content[at + 1 :]


def grpc_seeds() -> list[tuple[str, bytes]]:
    """Returns methods, and requests for them that are answered."""
    classify = classification_pb2.ClassificationRequest(
        model_spec={"name": "toolbox", "signature_name": "classify"}
    )
    classify.input.example_list.examples.append(example(x=0.25))
    several = inference_pb2.MultiInferenceRequest(input=classify.input)
    several.tasks.add(model_spec=classify.model_spec, method_name="tensorflow/serving/classify")
    strings = tensor([b"a", b"b" * 30], types_pb2.DT_STRING)
    requests = [
        ("Predict", predict_request(x=[1.0, 2.0])),
        ("Predict", predict_request("text", x=strings)),
        ("Predict", predict_request("forward", x=strings)),
        ("Predict", predict_request("row_sums", x=tensor([1.0] * 6, shape=[2, 3]))),
        ("Classify", classify),
        ("MultiInference", several),
    ]
    seeds = [(method, message.SerializeToString()) for method, message in requests]
    seeds += [(method, predict_request().SerializeToString()) for method in ("GetModelMetadata",)]
    return [*seeds, ("GetModelStatus", predict_request().SerializeToString())]


def rest_seeds() -> list[tuple[str, bytes]]:
    """Returns verbs, and documents for them that are answered."""
    numbers = dict.fromkeys(["float64", "int8", "uint8", "int16", "int32", "int64"], 1)
    numbers |= {"uint32": 1, "uint64": 1, "bool": True}
    encoded = {"b64": base64.b64encode(b"abc").decode()}
    documents = [
        ("predict", {"instances": [{"x": 1.5, "z": -2}], "signature_name": "pair"}),
        ("predict", {"instances": [1.0, 2, 3e5]}),
        ("predict", {"inputs": {"x": [[1.0, 2.0], [3.0, 4.0]]}, "signature_name": "row_sums"}),
        ("predict", {"instances": [numbers], "signature_name": "numbers"}),
        ("predict", {"instances": ["a\u00e9", encoded], "signature_name": "text"}),
        ("classify", {"signature_name": "classify", "examples": [{"x": 0.5}, {"x": [1.0]}]}),
    ]
    return [(verb, json.dumps(document).encode()) for verb, document in documents]


def fuzz_grpc(count: int, port: int) -> Counter[str]:
    """Sends damaged messages; returns how often each code came."""
    seeds = grpc_seeds()

    def send(portion: int) -> Counter[str]:
        rng, codes = random.Random(portion), Counter[str]()
        with grpc.insecure_channel(f"localhost:{port}") as channel:
            for _ in range(PORTION):
                method, content = rng.choice(seeds)
                content = changed(content, rng)
                path = f"/tensorflow.serving.{METHODS[method][0]}Service/{method}"
                call = channel.unary_unary(path, None, None).future(content, timeout=20)
                error = call.exception()
                code = error.code().name if isinstance(error, grpc.Call) else "OK"
                codes[code] += 1
                if code not in GRPC_CODES:
                    print(code, method, content, error, flush=True)
        return codes

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(send, range(count // PORTION)), Counter[str]())


def fuzz_rest(count: int, port: int) -> Counter[str]:
    """Sends damaged documents; returns how often each status came."""
    seeds = rest_seeds()

    def send(portion: int) -> Counter[str]:
        rng, statuses = random.Random(portion), Counter[str]()
        client = http.client.HTTPConnection("localhost", port, timeout=20)
        for _ in range(PORTION):
            verb, content = rng.choice(seeds)
            content = changed(content, rng)
            client.request("POST", f"/v1/models/toolbox:{verb}", content)
            response = client.getresponse()
            text = response.read()
            statuses[str(response.status)] += 1
            if response.status not in REST_STATUSES:
                print(response.status, verb, content, text, flush=True)
        client.close()
        return statuses

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(send, range(count // PORTION)), Counter[str]())


def fuzz_configs(count: int) -> Counter[str]:
    """Reads damaged configuration files; returns how many were read, and how many refused."""
    rng, outcomes = random.Random(0), Counter[str]()
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        for _ in range(count):
            kind = rng.choice(list(CONFIGS))
            content = changed(CONFIGS[kind].encode(), rng)
            path.write_bytes(content)
            try:
                READERS[kind](str(path))
                outcomes["read"] += 1
            except StatusError:
                outcomes["refused"] += 1
            except Exception as error:
                outcomes["broken"] += 1
                print(kind, content, repr(error), flush=True)
    return outcomes


def fuzz_folders(count: int, model: Path) -> Counter[str]:
    """Loads damaged SavedModels; returns how many were loaded, refused, or ended a process."""
    outcomes = Counter[str]()
    for portion in range(count // PORTION):
        arguments = ["-m", "tests.fuzz_server", "load", str(portion), str(model)]
        command = [sys.executable, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        outcomes += Counter(done.stdout.split())
        if done.returncode:
            outcomes["ended"] += 1
            print(
                portion, done.returncode, len(done.stdout.split()), done.stderr[-300:], flush=True
            )
    return outcomes


def load(portion: int, model: Path) -> None:
    """Loads some damaged SavedModels, and prints what became of each."""
    rng = random.Random(portion)
    files = [path for path in sorted(model.rglob("*")) if path.is_file()]
    contents = {path.relative_to(model): path.read_bytes() for path in files}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(PORTION):
            broken = rng.choice(list(contents))
            for name, content in contents.items():
                path = Path(folder, name)
                path.parent.mkdir(exist_ok=True, parents=True)
                path.write_bytes(changed(content, rng) if name == broken and content else content)
            try:
                Session(Path(folder), ["serve"]).close()
                print("loaded", flush=True)
            except StatusError:
                print("refused", flush=True)


def main(kind: str, count: int) -> None:
    """Fuzzes one kind of input; prints what came, and the memory before and after."""
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        if kind == "folders":
            subprocess.run([sys.executable, "-c", TINY, models], check=True, capture_output=True)
            print(fuzz_folders(count, models))
            return
        server = nullcontext(None)
        if kind != "configs":
            script = Path(__file__).parent / "integration" / "serving" / "build_models.py"
            subprocess.run([sys.executable, script, folder], check=True, capture_output=True)
            (models / "served").mkdir()
            (models / "toolbox").rename(models / "served" / "1")
            server = start_server(models / "served", "toolbox", rest_api_port=free_port())
        with server as process:
            watched = psutil.Process(process.pid if process else None)
            send = {
                "grpc": lambda inputs: fuzz_grpc(inputs, process.port),
                "rest": lambda inputs: fuzz_rest(inputs, process.rest_api_port),
                "configs": fuzz_configs,
            }[kind]
            send(count // 10)
            before, start = watched.memory_info().rss, time.monotonic()
            outcomes = send(count)
            grown = (watched.memory_info().rss - before) / 2**20
            seconds = time.monotonic() - start
            print(f"{outcomes}; {seconds:.0f} s; {before / 2**20:.0f} MiB, then {grown:+.1f} MiB")


if __name__ == "__main__":
    if sys.argv[1] == "load":
        load(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(sys.argv[1], int(sys.argv[2]))
