"""Pipelines of the catalog, by the installed release, in a folder with the user's own packages.

Their data ships with the dependencies. The folder lies outside the checkout, and its packages
have the names of tfline's rooms: nothing of tfline may take them for its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.whole

COUNTS = {"taxi": (12_094, 2_908), "digits": (1_442, 355)}
"""Records by split."""

NOT_NAMED = 'raise ImportError("no spec names this package: it is the user\'s own")\n'
OWN_TRANSFORM = '''\
def tenth(x):
    """Divides by ten."""
    return x / 10.0
'''
OWN_FEATURE = {
    "taxi": "features.tenth={key: fare, transform: [transforms.own.tenth, z_score]}",
    "digits": "features.image.transform=[{decode_raw: {shape: [8, 8, 1]}}, transforms.own.tenth]",
}
"""What names the user's own code in the spec of the catalog."""


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """A folder with packages named like those of tfline; a spec names one of them."""
    for name in ("components", "pipelines", "serving", "transforms"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(NOT_NAMED if name != "transforms" else "")
    (tmp_path / "transforms" / "own.py").write_text(OWN_TRANSFORM)
    return tmp_path


def wait_until_open(port: int, seconds: float = 60.0) -> None:
    """Returns once a port is listened on; fails after some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"nothing listens on port {port}")


class Project:
    """A folder in which commands of the installed release run.

    Args:
        installed: The release.
        folder: The folder.
        name: A pipeline of the catalog.
    """

    def __init__(self, installed, folder: Path, name: str) -> None:
        self.folder = folder
        self.spec = (name, "--set", OWN_FEATURE[name])
        self._installed = installed
        self._name = name

    def tfline(self, *arguments: str) -> str:
        """Runs a command."""
        return self._installed.run(self.folder, "tfline", *arguments)

    def runs(self) -> list[str]:
        """The records of runs."""
        return sorted(
            path.name for path in (self.folder / ".tfline" / self._name / "runs").iterdir()
        )

    def eval_rows(self) -> str:
        """The file of the eval split."""
        [file] = (self.folder / "data" / self._name).glob("eval*")
        return str(file.relative_to(self.folder))

    def predict(self, *options: str) -> list[dict]:
        """Returns the predictions of three records."""
        rows = (self.eval_rows(), "--limit", "3", "--json")
        output = self.tfline("predict", *self.spec, *rows, *options)
        return [json.loads(line) for line in output.splitlines()]

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Serves the model on a free port; gives its address."""
        server = self._installed.start(
            self.folder, "tfline", "serve", *self.spec, "--port", "0", "--rest-port", "0"
        )
        try:
            said = server.stdout.readline()
            [port] = re.findall(r": gRPC (\d+);", said)
            wait_until_open(int(port))
            yield f"localhost:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.communicate(timeout=30)


@pytest.mark.parametrize("name", COUNTS)
def test_pipeline_goes_from_data_to_prediction(name: str, installed, own_folder: Path) -> None:
    project = Project(installed, own_folder, name)
    train, evaluation = COUNTS[name]
    written = project.tfline("data", name)
    assert written == f"data/{name}: {train:,} train, {evaluation:,} eval records\n"

    output = project.tfline("run", *project.spec)
    assert f"{train:,} train, {evaluation:,} eval records" in output
    assert "\nBLESSED\n" in output
    [version] = (own_folder / "models" / name).glob("[0-9]*")
    assert version.name.isdigit()
    [verdict] = (own_folder / ".tfline").rglob("verdict.json")
    assert json.loads(verdict.read_text())["blessed"]

    predictions = project.predict()
    assert len(predictions) == 3
    for prediction in predictions:
        probabilities = prediction["probabilities"]
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert prediction["label"] == max(probabilities, key=probabilities.get)

    started = project.runs()
    again = project.tfline("run", *project.spec)
    assert again.count(" cached ") == len(started) * 9
    assert project.runs() == started

    promoted = project.tfline("promote", *project.spec, "--version", version.name)
    assert f"{name}: stable {version.name}" in promoted
    with project.served() as server:
        assert project.predict("--server", server, "--label", "stable") == predictions
