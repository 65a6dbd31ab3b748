"""A whole pipeline whose data steps run through Beam's job service, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import portpicker
import pytest

pytestmark = pytest.mark.whole


@pytest.fixture
def job_service(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A job service, and the file of its log."""
    port = portpicker.pick_unused_port()
    log = tmp_path / "jobs.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main"),
                *("--job_port", str(port), "--staging_dir", str(tmp_path / "staging")),
            ],
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        yield f"localhost:{port}", log
        process.terminate()
        process.wait(timeout=30)


def test_pipeline_runs_through_a_job_service(project, job_service: tuple[str, Path]) -> None:
    endpoint, log = job_service
    options = f"{{job_endpoint: '{endpoint}', environment_type: LOOPBACK}}"
    code = project.run(beam=f"{{runner: PortableRunner, options: {options}}}")
    assert code == 0, project.records[-1].error
    assert project.executed() == list(project.records[-1].parts)
    assert len(project.versions()) == 1
    assert "BeamFnControl" in log.read_text() or "DONE" in log.read_text()
