"""The work of Resolver: the baseline, taken out of the push folder."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils
from tfx.utils import path_utils

from tfline.components.artifacts.history import find_baseline

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]


class ResolveExecutor(base_executor.BaseExecutor):
    """Copies the baseline out of the push folder, which may drop it at the next push."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Fills the model artifact, or leaves it empty."""
        baseline = find_baseline(
            Path(exec_properties["push_folder"]),
            exec_properties["model_name"],
            exec_properties["training_fingerprint"],
        )
        if baseline is None:
            _summary.info("no baseline yet")
            return
        model = artifact_utils.get_single_instance(output_dict["model"])
        shutil.copytree(baseline.path, path_utils.serving_model_dir(model.uri))
        model.set_int_custom_property("version", baseline.number)
        _summary.info("baseline: version %d", baseline.number)
