"""Looks whether losses and metrics fit the task, where only the data tells what the task is."""

from __future__ import annotations

from tfline.components.trainer.label import check_training
from tfline.pipelines.inputs.records import first_features
from tfline.pipelines.spec import PipelineSpec
from tfline.tasks.table import TASKS, known_task
from tfline.tasks.task import Task
from tfline.transforms.errors import SpecError
from tfline.transforms.features import LabelSpec

_RECORDS = 500


def check_task(spec: PipelineSpec, file: str) -> None:
    """Refuses a loss or a metric that fits no task that the label may have, before anything runs.

    Args:
        spec: The spec.
        file: A file of records to train on.

    Raises:
        SpecError: It does not fit; or one's own metric cannot be imported, or is none.
    """
    refusals = []
    for task in likely_tasks(spec.label, file, spec.data.where):
        try:
            check_training(spec.train, spec.label.model_copy(update={"task": task.name}))
            spec.evaluate.check_task(task.name)
            _check_own_metrics(spec, task)
        except SpecError as exc:
            refusals.append(exc)
        else:
            return
    raise refusals[-1]


def likely_tasks(label: LabelSpec, file: str, where: str | None = None) -> tuple[Task, ...]:
    """Returns what a label may ask for, as far as the spec and the first records tell.

    Args:
        label: What the spec says of it.
        file: A file of records to train on.
        where: Which of them are used; None: all.
    """
    known = known_task(label)
    if known is not None:
        return (known,)
    values: set[int | bytes] = set()
    for features in first_features(file, _RECORDS, where):
        if label.key not in features:
            continue
        feature = features[label.key]
        if len(feature.float_list.value) == 1:
            return (TASKS["regression"],)  # a float is a number to predict
        values.update(feature.int64_list.value[:1])
        values.update(feature.bytes_list.value[:1])
    few = (TASKS["binary"],) if len(values) <= 2 else ()
    return (TASKS["multiclass"], *few)  # a third class may come later


def _check_own_metrics(spec: PipelineSpec, task: Task) -> None:
    own = [name for name in spec.evaluate.named_metrics if name not in task.metrics]
    if not own:
        return
    import tfx  # noqa: F401 - TFMA needs what it puts in place

    from tfline.components.evaluator.measuring.own_metrics import sort_metrics

    sort_metrics(own, task.name)
