"""`tfline submit` through the real client, to a server that speaks Kubeflow Pipelines' REST API."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tfline.pipelines import cli

PIPELINE = """\
pipelineInfo: {name: taxi}
schemaVersion: 2.1.0
defaultPipelineRoot: s3://bucket/pipelines
components:
  comp-a:
    executorLabel: exec-a
    inputDefinitions: {parameters: {steps: {parameterType: NUMBER_INTEGER}}}
deploymentSpec: {executors: {exec-a: {container: {image: "a:1", command: [a]}}}}
root:
  inputDefinitions:
    parameters:
      steps: {parameterType: NUMBER_INTEGER, defaultValue: 0, isOptional: true}
      data_root: {parameterType: STRING, defaultValue: "", isOptional: true}
  dag:
    tasks:
      a:
        taskInfo: {name: a}
        componentRef: {name: comp-a}
        inputs: {parameters: {steps: {componentInputParameter: steps}}}
"""


class Api(http.server.BaseHTTPRequestHandler):
    """The part of the API (v2beta1) that is asked; remembers what it was given."""

    pipelines: dict[str, list[dict[str, str]]]
    posted: list[tuple[str, Any]]
    tokens: set[str | None]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/apis/v2beta1/")
        if path == "pipelines":
            self._answer({"pipelines": [{"pipeline_id": name} for name in self.pipelines]})
        elif path.endswith("/versions"):
            self._answer({"pipeline_versions": self.pipelines[path.split("/")[1]]})
        else:
            self._answer({})

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        path, query = address.path.removeprefix("/apis/v2beta1/"), parse_qs(address.query)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.tokens.add(self.headers["authorization"])
        if path == "pipelines/upload":
            self.pipelines["p1"] = [{"pipeline_version_id": "v0", "display_name": "taxi"}]
            self._answer({"pipeline_id": "p1"})
        elif path == "pipelines/upload_version":
            name = query["name"][0]
            found = {"pipeline_version_id": f"v-{name}", "display_name": name}
            self.pipelines[query["pipelineid"][0]].append(found)
            self._answer(found)
        else:
            self.posted.append((path, json.loads(body)))
            kind = {"experiments": "experiment_id", "runs": "run_id"}.get(path, "recurring_run_id")
            self._answer({kind: f"{path}-1"})

    def _answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Says nothing."""


@pytest.fixture
def api() -> Iterator[tuple[type[Api], str]]:
    """A server, and its address."""
    kind = type("OwnApi", (Api,), {"pipelines": {}, "posted": [], "tokens": set()})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kind, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def file(folder: Path) -> Path:
    """A compiled pipeline."""
    (folder / "taxi.yaml").write_text(PIPELINE)
    return folder / "taxi.yaml"


def test_pipeline_is_uploaded_and_run_with_its_parameters(
    api: tuple[type[Api], str], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, host = api
    (file.parent / "token").write_text("secret\n")
    words = ["--host", host, "--parameter", "steps=200", "--token-file", "token"]
    assert cli.main(["submit", str(file), *words]) == 0
    assert f"{host}/#/runs/details/runs-1" in capsys.readouterr().out
    assert kind.tokens == {"Bearer secret"}
    [run] = [body for path, body in kind.posted if path == "runs"]
    assert run["runtime_config"]["parameters"] == {"steps": 200}
    assert run["runtime_config"]["pipeline_root"] == "s3://bucket/pipelines"
    assert run["pipeline_version_reference"]["pipeline_id"] == "p1"


def test_file_that_has_not_changed_makes_no_other_version(
    api: tuple[type[Api], str], file: Path
) -> None:
    kind, host = api
    for _ in range(2):
        assert cli.main(["submit", str(file), "--host", host, "--upload-only"]) == 0
    assert len(kind.pipelines["p1"]) == 2
    file.write_text(PIPELINE.replace("a:1", "a:2"))
    assert cli.main(["submit", str(file), "--host", host, "--upload-only"]) == 0
    assert len(kind.pipelines["p1"]) == 3
    assert kind.posted == []


def test_schedule_runs_it_again_and_again(api: tuple[type[Api], str], file: Path) -> None:
    kind, host = api
    assert cli.main(["submit", str(file), "--host", host, "--schedule", "0 0 3 * * *"]) == 0
    [job] = [body for path, body in kind.posted if path == "recurringruns"]
    assert job["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * *"
    assert job["no_catchup"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--parameter", "stepps=1"], "Did you mean 'steps'?"),
        (["--parameter", "steps=many"], "is a number, not 'many'"),
    ],
    ids=["name", "number"],
)
def test_wrong_parameter_is_refused(
    words: list[str], said: str, api: tuple[type[Api], str], file: Path, capsys
) -> None:
    kind, host = api
    assert cli.main(["submit", str(file), "--host", host, *words]) == 2
    assert said in capsys.readouterr().err
    assert kind.pipelines == {}


def test_server_that_is_not_there_is_named(file: Path, capsys) -> None:
    assert cli.main(["submit", str(file), "--host", "http://127.0.0.1:9"]) == 2
    assert "cannot be reached" in capsys.readouterr().err


def test_file_that_the_backend_would_refuse_is_not_sent(
    api: tuple[type[Api], str], file: Path, capsys
) -> None:
    kind, host = api
    file.write_text(PIPELINE.replace('container: {image: "a:1", command: [a]}', "resolver: {}"))
    assert cli.main(["submit", str(file), "--host", host]) == 2
    assert "executor of kind 'resolver'" in capsys.readouterr().err
    assert kind.pipelines == {}
