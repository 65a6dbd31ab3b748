"""The work of the Tuner: runs the search and writes what it has found."""

from __future__ import annotations

import functools
import json
import logging
import os
import tempfile
from typing import Any

import tensorflow as tf
from tfx.dsl.components.base import base_executor
from tfx.types import artifact, artifact_utils

from tfline.components.tuner.config import TuneConfig
from tfline.components.tuner.search import search
from tfline.transforms.dotted import find_function

BEST = "best_hyperparameters.txt"
"""What TFX's Trainer reads; its only file. ``values`` maps a setting to its best value."""

TRIALS = "trials.json"
"""All trials, the best first."""

_summary = logging.getLogger("tfline.summary")

Artifacts = dict[str, list[artifact.Artifact]]


class TuneExecutor(base_executor.BaseExecutor):
    """Searches for the best values of the spec's `tune` section."""

    def Do(  # noqa: N802 - TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Runs the search.

        Raises:
            SpecError: The objective is none, or values do not fit the model.
            ModelError: A training diverged.
        """
        tune = TuneConfig.model_validate_json(exec_properties["config"])
        run_config = json.loads(exec_properties["run_config"])
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        patterns = {
            split: [os.path.join(artifact_utils.get_split_uri([examples], split), "*")]
            for split in ("train", "eval")
        }
        train = functools.partial(
            find_function(exec_properties["train_fn"], {}, "function"),
            run_config,
            artifact_utils.get_single_uri(input_dict["transform_graph"]),
            patterns["train"],
            patterns["eval"],
        )
        epochs = tune.epochs or run_config["train"]["epochs"]
        with tempfile.TemporaryDirectory() as scratch:
            trials = search(tune, epochs, exec_properties["state_dir"] or scratch, train)

        best = trials[0]
        found = [
            {"values": trial.values, "score": trial.score, "epochs": trial.epochs}
            for trial in trials
        ]
        _write(output_dict["best_hyperparameters"], BEST, {"space": [], "values": best.values})
        _write(output_dict["tuner_results"], TRIALS, {"objective": tune.objective, "trials": found})
        values = ", ".join(f"{key} {value}" for key, value in best.values.items())
        _summary.info("%d trials, %s %.4g: %s", len(trials), tune.objective, best.score, values)


def _write(artifacts: list[artifact.Artifact], name: str, content: Any) -> None:
    path = os.path.join(artifact_utils.get_single_uri(artifacts), name)
    with tf.io.gfile.GFile(path, "w") as file:
        json.dump(content, file, indent=1)
