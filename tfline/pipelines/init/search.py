"""`tfline init --budget`: compares candidates by cross-validation on the train split."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tfline.components.trainer.named import OwnCode
from tfline.metrics.table import METRICS
from tfline.pipelines.api.pipeline import Pipeline
from tfline.pipelines.commands.cv import dividing_of
from tfline.pipelines.commands.prepared import Prepared, prepared_pipeline
from tfline.pipelines.init.beginning import Beginning
from tfline.pipelines.init.candidates import Candidate
from tfline.pipelines.init.drafting import Draft
from tfline.pipelines.init.trials import OutOfTimeError, Trial, best_of, compare, table
from tfline.pipelines.terminal import say, width_of
from tfline.tasks.table import find_task
from tfline.transforms.errors import SpecError

FOLDS = 3
"""So many parts of the train split are held out in turn."""


def search(beginning: Beginning, seconds: float) -> Beginning:
    """Compares the candidates, prints what became of each, and writes the spec with the best.

    Candidates with the same features share one Transform. The time is looked at after each step of
    a training: what is not finished then is left out. Ctrl-C keeps the best so far.

    Args:
        beginning: The spec with the default model.
        seconds: How long models may be compared; Transform counts, too.

    Returns:
        The spec with the best model, or as it was if none was measured.

    Raises:
        SpecError: Models of such data have no metric to be compared by.
    """
    draft = beginning.draft
    metric = find_task(draft.label.task).compared
    if not metric:
        raise SpecError(
            f"Models of the task {draft.label.task} are not compared: it has no metric to do it by",
            "--budget",
            "Leave `--budget` out.",
        )
    deadline = time.monotonic() + seconds
    smaller = METRICS[metric].better == "smaller"
    trials = list(compare(draft.candidates, _Measuring(draft, metric, deadline), deadline))
    best = best_of(trials, smaller_is_better=smaller)
    _show(trials, metric, best)
    if best is None:
        say("no model was measured: the spec has the default; give more time with `--budget`")
        return beginning
    measured = sum(1 for trial in trials if trial.values)
    note = f"the best of {measured} models by {metric}: {best.mean:.4g} in {FOLDS} folds of train"
    return beginning.with_model(best.candidate, note)


class _Measuring:
    """Cross-validates candidates on the train split of a draft.

    Args:
        draft: The spec without a model.
        metric: What is measured.
        deadline: When the time is over.
    """

    def __init__(self, draft: Draft, metric: str, deadline: float) -> None:
        self._draft, self._metric, self._deadline = draft, metric, deadline

    def __call__(self, candidate: Candidate) -> Sequence[float]:
        pipeline = Pipeline(**sections_of(self._draft, candidate))
        with prepared_pipeline(pipeline, "init") as data:
            if time.monotonic() >= self._deadline:
                raise OutOfTimeError
            return _cross_validated(data, self._metric, self._deadline)


def sections_of(draft: Draft, candidate: Candidate) -> dict[str, Any]:
    """Returns the sections of the spec as plain values."""
    return {section.key: section.value for section in draft.sections(candidate)}


def _cross_validated(data: Prepared, metric: str, deadline: float) -> Sequence[float]:
    from tfline.components.trainer.cross_validation import cross_validate

    path = "tfline.pipelines.init.deadline.Deadline"
    watch = OwnCode(path=path, arguments={"at": deadline})
    train = data.config.train.model_copy(update={"callbacks": (watch,)})
    config = data.config.model_copy(update={"train": train})
    found = cross_validate(
        config,
        data.transform_graph,
        data.train_files,
        FOLDS,
        dividing_of(data.spec.data.split),
        (metric,),
        data.spec.evaluate.threshold,
    )
    return next(one.values for one in found if one.name == metric)


def _show(trials: Sequence[Trial], metric: str, best: Trial | None) -> None:
    grid = table(trials, metric, best)
    for part in grid.parts(width_of()):
        print(grid.line(grid.header, part))
        for row in grid.rows:
            print(grid.line(row, part))
