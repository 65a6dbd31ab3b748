"""Runs a compiled pipeline as Kubeflow Pipelines does, without a cluster.

The launcher reads the compiled YAML and nothing else. For each task it does what the backend's
driver and launcher do: it resolves the inputs, looks into the cache, provisions the outputs, copies
artifacts from the object store, replaces the placeholders, runs the command in a process and an
environment of its own, reads what that has said about its outputs, and copies them back.
"""

from __future__ import annotations

import dataclasses
import graphlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_ROOT = "minio://mlpipeline/v2/artifacts"
SCHEMES = ("gs", "s3", "minio")

ABSENT = """\
import sys
ABSENT = frozenset({absent!r})
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {{name!r}} in the image", name=name)
sys.meta_path.insert(0, Finder())
"""
"""Hides the packages that the image does not have."""

Object = dict[str, Any]


class FolderStore:
    """An object store in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def upload(self, local: Path, uri: str) -> None:
        shutil.copytree(local, self._path(uri))

    def download(self, uri: str, local: Path) -> None:
        if self._path(uri).exists():  # a folder without files leaves no trace in a store
            shutil.copytree(self._path(uri), local)

    def _path(self, uri: str) -> Path:
        return self._folder / uri.replace("://", "/")


@dataclasses.dataclass
class Task:
    """How a task went."""

    state: str
    attempts: int = 0
    seconds: float = 0.0
    log: str = ""
    outputs: Object = dataclasses.field(default_factory=dict)


class Launcher:
    """Runs a compiled pipeline.

    Args:
        text: The compiled YAML.
        work: A folder for the containers' file systems and the store.
        store: Where artifacts are kept.
    """

    def __init__(self, text: str, work: Path, store: Any = None) -> None:
        documents = list(yaml.safe_load_all(text))
        [self.pipeline] = [document for document in documents if "pipelineInfo" in document]
        platforms = [document for document in documents if "platforms" in document]
        self.platform: Object = (
            platforms[0]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
            if platforms
            else {}
        )
        self._work = work
        self._store = store or FolderStore(work / "store")
        self._cache: dict[str, Object] = {}
        self._ids = 0

    def run(
        self,
        parameters: Mapping[str, Any] | None = None,
        kill_when: Mapping[str, Callable[[], bool]] | None = None,
        only: Collection[str] | None = None,
    ) -> dict[str, Task]:
        """Runs the tasks; those behind a task that has failed are skipped.

        Args:
            parameters: Of the run.
            kill_when: By task, when its first attempt is killed.
            only: The tasks to run; None: all.
        """
        definitions = self.pipeline["root"]["inputDefinitions"]["parameters"]
        values = {name: spec["defaultValue"] for name, spec in definitions.items()}
        assert set(parameters or {}) <= set(values)
        values |= parameters or {}
        root = self.pipeline.get("defaultPipelineRoot", DEFAULT_ROOT)
        root += f"/{self.pipeline['pipelineInfo']['name']}/{uuid.uuid4()}"
        specs = self.pipeline["root"]["dag"]["tasks"]
        order = graphlib.TopologicalSorter(
            {name: set(spec.get("dependentTasks", ())) for name, spec in specs.items()}
        )
        tasks: dict[str, Task] = {}
        for name in order.static_order():
            if only is not None and name not in only:
                continue
            upstream = [tasks[other] for other in specs[name].get("dependentTasks", ())]
            if any(task.state in ("failed", "skipped") for task in upstream):
                tasks[name] = Task("skipped")
            else:
                inputs = self._inputs(specs[name], values, tasks)
                kill = (kill_when or {}).get(name)
                tasks[name] = self._task(name, specs[name], inputs, root, kill)
            print(f"{name:18}{tasks[name].state:11}{tasks[name].seconds:6.1f} s")
        return tasks

    def _inputs(self, spec: Object, values: Object, tasks: Mapping[str, Task]) -> Object:
        parameters, artifacts = {}, {}
        for name, source in spec["inputs"].get("parameters", {}).items():
            if "componentInputParameter" in source:
                parameters[name] = values[source["componentInputParameter"]]
            elif "taskOutputParameter" in source:
                output = source["taskOutputParameter"]
                made = tasks[output["producerTask"]].outputs["parameterValues"]
                parameters[name] = made[output["outputParameterKey"]]
            else:
                parameters[name] = source["runtimeValue"]["constant"]
        for name, source in spec["inputs"].get("artifacts", {}).items():
            output = source["taskOutputArtifact"]
            made = tasks[output["producerTask"]].outputs["artifacts"]
            artifacts[name] = {"artifacts": [made[output["outputArtifactKey"]]]}
        return {"parameterValues": parameters, "artifacts": artifacts}

    def _task(
        self, name: str, spec: Object, inputs: Object, root: str, kill: Callable[[], bool] | None
    ) -> Task:
        """Takes a task out of the cache, or runs its importer or its container."""
        component = self.pipeline["components"][spec["componentRef"]["name"]]
        label = component["executorLabel"]
        executor = self.pipeline["deploymentSpec"]["executors"][label]
        if "importer" in executor:
            return self._import(executor["importer"], component, inputs)
        [kind] = executor
        assert kind == "container"
        key = _cache_key(inputs, component, executor)
        if spec.get("cachingOptions", {}).get("enableCache") and key in self._cache:
            return Task("cached", outputs=self._cache[key])
        salt = uuid.uuid4()
        outputs = {
            output: {"type": made["artifactType"], "uri": f"{root}/{name}/{salt}/{output}"}
            for output, made in component.get("outputDefinitions", {}).get("artifacts", {}).items()
        }
        attempts = 1 + spec.get("retryPolicy", {}).get("maxRetryCount", 0)
        task = Task("failed")
        started = time.monotonic()
        while task.state == "failed" and task.attempts < attempts:
            task.attempts += 1
            container = self._work / "containers" / f"{name}-{uuid.uuid4()}"
            run = _Container(container, executor["container"], component, self._store)
            code, log = run.execute(inputs, outputs, kill if task.attempts == 1 else None)
            task.log += log
            if code == 0:
                task.state = "succeeded"
                task.outputs = run.outputs(outputs)
        task.seconds = time.monotonic() - started
        for made in task.outputs.get("artifacts", {}).values():
            self._ids += 1
            made["name"] = str(self._ids)
        if task.state == "succeeded":
            self._cache[key] = task.outputs
        return task

    def _import(self, importer: Object, component: Object, inputs: Object) -> Task:
        uri = inputs["parameterValues"][importer["artifactUri"]["runtimeParameter"]]
        [output] = component["outputDefinitions"]["artifacts"]
        artifact = {"name": f"imported {uri}", "uri": uri, "type": importer["typeSchema"]}
        return Task("succeeded", outputs={"artifacts": {output: artifact}})


class _Container:
    """One attempt: a file system and a process of its own."""

    def __init__(self, folder: Path, spec: Object, component: Object, store: Any) -> None:
        self._folder = folder
        self._spec = spec
        self._component = component
        self._store = store
        self._output_file = folder / "tmp" / "kfp_outputs" / "output_metadata.json"
        # Artifacts are at the same place in every container, and each finds it empty.
        self._mounts = folder.parents[1] / "mounts"
        shutil.rmtree(self._mounts, ignore_errors=True)

    def execute(
        self, inputs: Object, outputs: Object, kill: Callable[[], bool] | None
    ) -> tuple[int, str]:
        """Runs the command; returns its exit code and what it has written."""
        for folder in ("app", "tmp", "site"):
            (self._folder / folder).mkdir(parents=True)
        given = {
            "inputs": inputs,
            "outputs": {
                "artifacts": {name: {"artifacts": [made]} for name, made in outputs.items()},
                "parameters": {},
                "outputFile": str(self._output_file),
            },
        }
        for _, [artifact] in _artifacts(inputs):
            self._store.download(artifact["uri"], self._local(artifact["uri"]))
        for made in outputs.values():
            self._local(made["uri"]).parent.mkdir(parents=True, exist_ok=True)
        replaced = {"{{$}}": json.dumps(given)}
        for side, listed in (
            ("inputs", inputs["artifacts"]),
            ("outputs", given["outputs"]["artifacts"]),
        ):
            for name, content in listed.items():
                uri = content["artifacts"][0]["uri"]
                replaced[f"{{{{$.{side}.artifacts['{name}'].path}}}}"] = str(self._local(uri))
        words = [*self._spec["command"], *self._spec["args"]]
        command = [replaced.get(word, word) for word in words]
        for placeholder, value in replaced.items():
            command = [word.replace(placeholder, value) for word in command]
        log = self._folder / "log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command,
                cwd=self._folder / "app",
                env=self._environment(),
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
            while process.poll() is None:
                if kill is not None and kill():
                    process.send_signal(signal.SIGKILL)
                    kill = None
                time.sleep(0.02)
        return process.returncode, log.read_text(errors="replace")

    def outputs(self, outputs: Object) -> Object:
        """Returns what the step has said about its outputs, and uploads them."""
        said = json.loads(self._output_file.read_text())
        assert set(said) <= {"artifacts", "parameterValues"}
        wanted = set(self._component.get("outputDefinitions", {}).get("parameters", {}))
        assert set(said["parameterValues"]) == wanted
        artifacts = {}
        for name, made in outputs.items():
            [entry] = said["artifacts"][name]["artifacts"]
            metadata = {key: _stored(value) for key, value in entry["metadata"].items()}
            artifacts[name] = {**made, "uri": entry["uri"], "metadata": metadata}
            if self._local(entry["uri"]).exists():
                self._store.upload(self._local(entry["uri"]), entry["uri"])
        return {"artifacts": artifacts, "parameterValues": said["parameterValues"]}

    def _local(self, uri: str) -> Path:
        """Returns where the launcher puts an artifact."""
        scheme, _, path = uri.partition("://")
        assert scheme in SCHEMES
        return self._mounts / scheme / path

    def _environment(self) -> dict[str, str]:
        """Returns the environment of the image: no variable of this process, no other package."""
        release = "tfline/requirements/lock.txt"
        absent = sorted(_packages("requirements.lock") - _packages(release))
        (self._folder / "site" / "sitecustomize.py").write_text(ABSENT.format(absent=absent))
        variables = {item["name"]: item["value"] for item in self._spec.get("env", ())}
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self._folder / "tmp"),
            "TMPDIR": str(self._folder / "tmp"),
            "PYTHONPATH": str(self._folder / "site"),
            **variables,
        }


def _artifacts(inputs: Object) -> list[tuple[str, list[Object]]]:
    return [(name, content["artifacts"]) for name, content in inputs["artifacts"].items()]


def _stored(value: Any) -> Any:
    """Returns a value as the metadata store gives it back: it knows one kind of number."""
    assert isinstance(value, str | int | float)
    return float(value) if isinstance(value, int) else value


def _cache_key(inputs: Object, component: Object, executor: Object) -> str:
    """Returns the key of the backend's cache: values, names of artifacts, outputs, container."""
    content = {
        "parameters": inputs["parameterValues"],
        "artifacts": {name: made["name"] for name, [made] in _artifacts(inputs)},
        "outputs": component.get("outputDefinitions"),
        "container": executor["container"],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _packages(lock: str) -> set[str]:
    """Returns the top-level modules of the packages in a lock file."""
    lines = (ROOT / lock).read_text().splitlines()
    names = {_normal(line.partition("==")[0]) for line in lines if "==" in line}
    modules = importlib.metadata.packages_distributions().items()
    return {module for module, owners in modules if names & set(map(_normal, owners))}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="session")
def make_launcher() -> type[Launcher]:
    """Makes launchers."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return Launcher
