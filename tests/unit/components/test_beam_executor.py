"""Beam's arguments are those of the spec; nothing is packed for workers that have all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from tfx.dsl.components.base import base_beam_executor

from tfline.components.beam_executor import BeamExecutor


class Nothing(BeamExecutor):
    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802 - TFX's name
        with self._make_beam_pipeline() as pipeline:
            self.runner = type(pipeline.runner).__name__


def test_pipeline_has_the_arguments_of_the_spec_and_leaves_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = ["--runner=FnApiRunner"]
    context = base_beam_executor.BaseBeamExecutor.Context(beam_pipeline_args=given)
    executor = Nothing(context)
    executor.Do({}, {}, {})
    assert executor.runner == "FnApiRunner"
    assert executor._beam_pipeline_args == ["--runner=FnApiRunner"]
    assert context.beam_pipeline_args is given
    assert list(tmp_path.rglob("tfx")) == []
