"""The section `beam:`: Beam's command line, and what a runner needs."""

from __future__ import annotations

from typing import Any

import pytest

from tfline.pipelines.spec.beam import BeamSpec


def test_options_become_arguments() -> None:
    options: dict[str, Any] = {
        "job_endpoint": "flink:8099",
        "parallelism": 8,
        "streaming": False,
        "save_main_session": True,
        "experiments": ["a", "b"],
    }
    assert BeamSpec.model_validate({"runner": "PortableRunner", "options": options}).arguments == [
        "--runner=PortableRunner",
        "--job_endpoint=flink:8099",
        "--parallelism=8",
        "--save_main_session",
        "--experiments=a",
        "--experiments=b",
    ]


def test_runner_of_this_machine_downloads_nothing() -> None:
    assert BeamSpec().arguments == ["--runner=FnApiRunner"]
    assert BeamSpec(runner="DirectRunner").arguments == ["--runner=FnApiRunner"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"runner": "PortableRunner"}, "needs the option `job_endpoint`"),
        ({"runner": "DataflowRunner", "options": {"project": "a"}}, "needs the option `region`"),
        ({"runner": "Flink"}, "FlinkRunner"),
        ({"options": {"runner": "a"}}, "`runner` is no option"),
        ({"options": {"--parallelism": 8}}, "pattern"),
    ],
    ids=["endpoint", "region", "name", "runner", "dashes"],
)
def test_what_beam_would_refuse_is_refused(content: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BeamSpec.model_validate(content)
