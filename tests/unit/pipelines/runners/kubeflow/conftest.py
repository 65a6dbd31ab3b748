"""Pipelines of the catalog, compiled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tfline.pipelines.runners.kubeflow.compiler import compile_pipeline
from tfline.pipelines.runners.kubeflow.target import Target, check_target
from tfline.pipelines.spec import find_spec, load_spec
from tfline.pipelines.spec.document import read_document

Compile = Callable[..., str]

VOLUME = "{volumes: {pipeline: /mnt/pipeline}, memory: 4Gi, steps: {Trainer: {cpu: 2, gpu: 1}}}"


@pytest.fixture(scope="session")
def compiled() -> Compile:
    """Compiles a pipeline of the catalog, with overrides, for a volume or an object store."""

    def compile_one(name: str, *overrides: str, root: str = "/mnt/pipeline") -> str:
        settings = [f"kubernetes={VOLUME}", f"push=/mnt/pipeline/models/{name}", *overrides]
        spec = load_spec(name, settings)
        target = Target("registry.example/tfline:0.1.0", root, root)
        check_target(spec, target)
        return compile_pipeline(spec, read_document(find_spec(name), settings), target)

    return compile_one
