"""What an evaluation measures, where it looks, and what a model has to reach to be blessed.

Read by the spec, so it imports no TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic

from tfline.components.evaluator.rules import Bound, Change, Gap, ThresholdChoice
from tfline.metrics.slice_by import Cross
from tfline.metrics.table import METRICS, is_custom
from tfline.tasks.metric_fit import check_metrics
from tfline.tasks.table import find_task
from tfline.transforms.errors import SpecError, did_you_mean
from tfline.transforms.features import FrozenModel
from tfline.transforms.threshold import DEFAULT

_ShortSlice = str | dict[str, list[float] | str]
"""A way to slice as people write it."""


class EvaluateConfig(FrozenModel):
    """An evaluation.

    Attributes:
        metrics: Names of `METRICS`, or dotted paths of the user's own metric classes
            (`tfma.metrics.Metric` or Keras). None: the usual ones of the task.
        slices: What to slice by, beside the whole; the forms are in `slice_by`.
        require: What each metric has to reach. The short form ``auc: 0.8`` is a minimum where
            larger is better, and a maximum where smaller is better.
        change: How much worse than the baseline each metric may be. The short form ``auc: 0.01``
            is a ``max_loss``.
        gap: How far metrics may differ between the slices of a feature, such as
            ``{recall: 0.05, by: sex}``; or a list of these.
        baselines: What becomes of a model that does not beat naive ones on the same records: the
            majority class or the mean of the train split, a linear model of the same features,
            and for a forecast the last value of the series and that of a season ago. ``require``:
            it is not blessed; ``warn``: the verdict says so; ``off``: they are not measured. The
            metric is the auc of two classes, the accuracy of several, the hamming_loss of labels,
            the rmse of numbers, the mae of forecasts. What is compared is shown by resamples; a
            linear model is beaten by one that is not clearly worse, by more than 0.01 or 1 %.
        confidence: Of intervals, and of what counts as shown. The rules over all examples, and
            those on slices, are each corrected for their number.
        resamples: Number of bootstrap resamples that tell how far a value may be off.
        seed: Of the resamples.
        min_slice_size: Smaller slices are shown and marked, and never decide.
        min_class_size: With fewer records of a class (of positive or negative ones, if there are
            two), what is measured of it on a slice is unknown, and never decides.
        threshold: Probability from which on a binary prediction counts as positive, here and in
            the model that is pushed.
        choose_threshold: How to choose it from the eval split, in place of `threshold`. The short
            form ``best_f1`` is the highest F1.
        weight: The raw feature that says how much a record counts, in metrics, intervals, naive
            models, curves and `tfline cv`; left out: that of `train.weight`.
        unit: The raw feature that records which belong together share, such as a customer: they
            are resampled together, since they are no independent evidence. Left out: the feature
            by which records were split into groups, if they were; and windows of series, as
            `tfline data convert --window` writes them, by blocks of time.
        map: Two raw features that say where a record is, to the right and upwards: the report has
            a map of the labels. Left out: a longitude and a latitude among the features, by their
            names, or two numbers that are crossed by `cross_buckets`.
        batch_size: Examples a call of the model.
    """

    metrics: tuple[str, ...] | None = pydantic.Field(default=None, strict=False, min_length=1)
    slices: tuple[Annotated[Cross, pydantic.Field(strict=False, min_length=1)], ...] = (
        pydantic.Field(default=(), strict=False)
    )
    require: dict[str, Bound] = pydantic.Field(default_factory=dict)
    change: dict[str, Change] = pydantic.Field(default_factory=dict)
    gap: tuple[Gap, ...] = pydantic.Field(default=(), strict=False)
    baselines: Literal["require", "warn", "off"] = "require"
    confidence: float = pydantic.Field(default=0.95, ge=0.5, lt=1)
    resamples: int = pydantic.Field(default=200, ge=50, le=10_000)
    seed: int = pydantic.Field(default=0, ge=0)
    min_slice_size: int = pydantic.Field(default=50, ge=1)
    min_class_size: int = pydantic.Field(default=10, ge=1)
    threshold: float = pydantic.Field(default=DEFAULT, ge=0, le=1)
    choose_threshold: ThresholdChoice | None = None
    weight: str | None = pydantic.Field(default=None, min_length=1)
    unit: str | None = pydantic.Field(default=None, min_length=1)
    map: tuple[str, str] | None = pydantic.Field(default=None, strict=False)
    batch_size: int = pydantic.Field(default=1024, ge=1)

    @pydantic.field_validator(
        "slices", mode="before", json_schema_input_type=list[_ShortSlice | list[_ShortSlice]]
    )
    @classmethod
    def _read_single_features(cls, slices: Any) -> Any:
        """Reads ``payment_type`` as a cross of one."""
        if not isinstance(slices, (list, tuple)):
            return slices
        return tuple(item if isinstance(item, (list, tuple)) else (item,) for item in slices)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _slice_by_gaps(cls, content: Any) -> Any:
        """Slices by what a gap rule is about, too."""
        if not isinstance(content, Mapping) or not content.get("gap"):
            return content
        gaps = content["gap"]
        gaps = [gaps] if isinstance(gaps, Mapping) else gaps
        if not isinstance(gaps, (list, tuple)):
            return content
        slices = content.get("slices", ())
        sliced = [one for entry in slices if len(one := _names(entry)) == 1]
        features = dict.fromkeys(
            gap["by"] for gap in gaps if isinstance(gap, Mapping) and "by" in gap
        )
        added = [feature for feature in features if [feature] not in sliced]
        return {**content, "gap": gaps, "slices": [*slices, *added]}

    @pydantic.field_validator("slices")
    @classmethod
    def _check_slices(cls, slices: tuple[Cross, ...]) -> tuple[Cross, ...]:
        names = [[by.name for by in cross] for cross in slices]
        for of_cross in names:
            if len(set(of_cross)) < len(of_cross):
                raise ValueError(f"A slice names a feature twice. Received: {of_cross}.")
        if len(set(map(frozenset, names))) < len(names):
            raise ValueError("The same slice is given twice.")
        return slices

    @pydantic.field_validator("baselines", mode="before")
    @classmethod
    def _read_off(cls, value: Any) -> Any:
        """Reads ``off``, which YAML takes for false."""
        return "off" if value is False else value

    @pydantic.field_validator(
        "require", mode="before", json_schema_input_type=dict[str, float | Bound]
    )
    @classmethod
    def _read_short_bounds(cls, require: Any) -> Any:
        if not isinstance(require, Mapping):
            return require
        return {name: _bound(name, value) for name, value in require.items()}

    @pydantic.field_validator(
        "choose_threshold",
        mode="before",
        json_schema_input_type=Literal["best_f1"] | ThresholdChoice | None,
    )
    @classmethod
    def _read_best_f1(cls, choice: Any) -> Any:
        return {"best": "f1"} if choice == "best_f1" else choice

    @pydantic.field_validator(
        "change", mode="before", json_schema_input_type=dict[str, float | Change]
    )
    @classmethod
    def _read_short_changes(cls, change: Any) -> Any:
        if not isinstance(change, Mapping):
            return change
        return {
            name: {"max_loss": value} if _is_number(value) else value
            for name, value in change.items()
        }

    @pydantic.model_validator(mode="after")
    def _check_names(self) -> EvaluateConfig:
        for name in (*(self.metrics or ()), *self.require, *self.change):
            if name not in METRICS and not is_custom(name):
                raise ValueError(f"Unknown metric '{name}'. {did_you_mean(name, METRICS)}")
        for name in (name for gap in self.gap for name in gap.most):
            if name not in METRICS:
                raise ValueError(f"Unknown metric '{name}'. {did_you_mean(name, METRICS)}")
        for name in self.change:
            if name not in METRICS or METRICS[name].better is None:
                raise ValueError(
                    f"`change` needs a metric of which more, or less, is better. Received: {name}."
                )
        if "confusion_matrix" in self.require:
            raise ValueError(
                "`require` needs a metric that is a number. Received: confusion_matrix."
            )
        return self

    @pydantic.model_validator(mode="after")
    def _check_threshold(self) -> EvaluateConfig:
        if self.choose_threshold is not None and self.threshold != DEFAULT:
            raise ValueError("Expected either `threshold` or `choose_threshold`, not both.")
        return self

    @pydantic.model_validator(mode="after")
    def _check_slice_bounds(self) -> EvaluateConfig:
        for name, bound in self.require.items():
            if not self.slices and {bound.slice_min, bound.slice_max} != {None}:
                raise ValueError(f"`require` bounds {name} on slices, but there are no `slices`.")
        for name, change in self.change.items():
            if not self.slices and change.slice_max_loss is not None:
                raise ValueError(f"`change` bounds {name} on slices, but there are no `slices`.")
        return self

    @property
    def slice_keys(self) -> tuple[str, ...]:
        """The raw features that slices are made from."""
        return tuple(dict.fromkeys(key for cross in self.slices for by in cross for key in by.keys))

    def check_task(self, task: str) -> None:
        """Checks that metrics and threshold fit a task.

        Raises:
            SpecError: One does not.
        """
        check_metrics(find_task(task), self.metric_names(task))
        if self.choose_threshold is not None and find_task(task).family != "binary":
            raise SpecError(
                f"`choose_threshold` does not fit a {task} task: it is between two classes",
                "evaluate.choose_threshold",
            )

    @property
    def named_metrics(self) -> tuple[str, ...]:
        """The metrics that the spec names itself."""
        in_gaps = (name for gap in self.gap for name in gap.most)
        named = (*(self.metrics or ()), *self.require, *self.change, *in_gaps)
        return tuple(dict.fromkeys(named))

    def metric_names(self, task: str) -> tuple[str, ...]:
        """Returns the metrics to compute: the chosen or usual ones, then those that decide."""
        usual = (name for name, metric in find_task(task).metrics.items() if metric.usual)
        chosen = usual if self.metrics is None else self.metrics
        in_gaps = (name for gap in self.gap for name in gap.most)
        decide = (*self.require, *self.change, *in_gaps)
        return tuple(dict.fromkeys((*chosen, *decide, "example_count")))


def _names(entry: Any) -> list[Any]:
    """Returns what an entry of `slices` slices by, as far as it can be told before it is read."""
    parts = entry if isinstance(entry, (list, tuple)) else [entry]
    return [
        part.get("name", part) if isinstance(part, Mapping) else getattr(part, "name", part)
        for part in parts
    ]


def _bound(name: str, value: Any) -> Any:
    """Returns the long form of a short bound; anything else is returned as it came."""
    if not _is_number(value):
        return value
    better = METRICS[name].better if name in METRICS else None
    if better is None:
        if name not in METRICS and not is_custom(name):
            return {"min": value}  # the name itself is refused later, with the nearest one
        raise ValueError(
            f"`{name}` has no better direction. Write {{min: {value}}} or {{max: {value}}}."
        )
    return {"min": value} if better == "larger" else {"max": value}


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and not math.isnan(value)
