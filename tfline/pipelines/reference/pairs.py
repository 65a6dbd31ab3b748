"""The page that says which loss and which metric fits which task: from the tables that refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tfline.components.trainer.losses import AnyLoss
from tfline.components.trainer.losses.loss import Loss
from tfline.metrics.table import METRICS
from tfline.pipelines.reference.choices import members
from tfline.tasks import keras_fit
from tfline.tasks.keras_fit import FAMILIES, Fit

TITLE = "What fits what"

_TEXT = """\
Every pair of a task and a loss or a metric is known to fit, or is refused by `tfline check`, with the
name of what is meant. Your own losses and models are tried on a few records before they are trained
with.

| written | what happens otherwise | meant |
| --- | --- | --- |
| sigmoid at the end of a model of many classes | probabilities that do not sum to 1 | `head.output(x)`: softmax |
| `BinaryAccuracy` of many classes | each class for itself: 0.9 of ten by always saying no | `SparseCategoricalAccuracy` |
| `SparseCategoricalAccuracy` of two classes | always the share of the first class | `BinaryAccuracy` |
| `CategoricalCrossentropy` of an index | the index is taken for a probability | `sparse_categorical_crossentropy` |
| `MeanSquaredError` of many classes | the index against every probability | `sparse_categorical_crossentropy` |
| `from_logits: true` | logits of probabilities | leave it out |
| labels [batch, 1] minus predictions [batch] | [batch, batch]: every prediction against every label | reshape the label |
| one-hot labels | are recognised, and become an index | nothing to do |
"""  # noqa: E501 - rows of a table


def page() -> str:
    """Returns the page in Markdown."""
    losses = {loss.model_fields["name"].default: loss for loss in members(AnyLoss)}
    parts = [f"# {TITLE}\n", _TEXT]
    parts += ["## Losses\n", *_table(losses, lambda name, family: _fits(losses[name], family))]
    parts += ["## Losses of Keras\n", *_of_keras(keras_fit.LOSSES)]
    parts += ["## Metrics\n", *_table(METRICS, lambda name, family: METRICS[name].fits(family))]
    parts += ["## Metrics of Keras\n", *_of_keras(keras_fit.METRICS)]
    return "\n".join(parts)


def _fits(loss: type, family: str) -> bool:
    return issubclass(loss, Loss) and family in loss.tasks


def _table(names: Mapping[str, object], fits: Callable[[str, str], bool]) -> Iterator[str]:
    """Yields the lines of a table: a name a row, a task a column."""
    yield f"| | {' | '.join(FAMILIES)} |"
    yield "| --- |" + " :-: |" * len(FAMILIES)
    for name in names:
        marks = ("x" if fits(name, family) else "" for family in FAMILIES)
        yield f"| `{name}` | {' | '.join(marks)} |"
    yield ""


def _of_keras(known: Mapping[str, Fit]) -> Iterator[str]:
    """Yields the lines of a table of Keras' classes, with the reason why others are refused."""
    yield "| | fits | other tasks: why not |"
    yield "| --- | --- | --- |"
    for name, fit in sorted(known.items()):
        yield f"| `{name}` | {', '.join(fit.families) or 'none'} | {fit.reason} |"
    yield ""
