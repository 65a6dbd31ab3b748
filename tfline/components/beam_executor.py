"""The base of the executors that make a Beam pipeline."""

from __future__ import annotations

import copy

from tfx.dsl.components.base import base_beam_executor


class BeamExecutor(base_beam_executor.BaseBeamExecutor):
    """Runs its pipeline with the arguments of the spec, and with no others.

    TFX adds a package of its own sources to them, for workers without TFX: it copies 52 MB into the
    temporary folder at each component, runs setuptools on them, and leaves them there. Workers of
    tfline have tfline installed, and TFX with it.
    """

    def __init__(self, context: base_beam_executor.BaseBeamExecutor.Context | None = None) -> None:
        arguments = list(context.beam_pipeline_args or ()) if context is not None else []
        bare = copy.copy(context)
        if bare is not None:
            bare.beam_pipeline_args = None
        super().__init__(bare)
        self._beam_pipeline_args = arguments
