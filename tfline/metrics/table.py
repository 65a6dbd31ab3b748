"""The metrics that tfline knows, and which of them fit a task.

A metric is a function in the module of its statistic, such as `classes`, and one line of `METRICS`.
The spec is checked against this table, so it imports neither TensorFlow nor TFMA.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from tfline.metrics import (
    boxes,
    classes,
    detections,
    forecasts,
    label_sets,
    likelihood,
    masks,
    number_errors,
    pictures,
    ranking,
    ranks,
    scores,
    statistic,
    texts,
)
from tfline.metrics.boxes import Boxes
from tfline.metrics.classes import Classes, Confusion
from tfline.metrics.detections import Detections
from tfline.metrics.forecasts import HorizonErrors
from tfline.metrics.label_sets import Sets
from tfline.metrics.likelihood import LogLoss
from tfline.metrics.masks import Pixels
from tfline.metrics.number_errors import ErrorMoments, ErrorsOfEach
from tfline.metrics.pictures import Pictures
from tfline.metrics.ranking import Ranks
from tfline.metrics.scores import Scores
from tfline.metrics.statistic import Count, Share, Statistic
from tfline.metrics.texts import TextSums

Direction = Literal["larger", "smaller"]

Range = tuple[float, float]

SHARE: Range = (0.0, 1.0)
POSITIVE: Range = (0.0, math.inf)

ANY = "any"
"""Stands for all families of tasks."""

_DOTTED_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


@dataclasses.dataclass(frozen=True)
class Metric:
    """A line of `METRICS`.

    Attributes:
        description: What it says, in one line.
        statistic: What is kept of the examples.
        values: For each family of tasks that it fits, or for `ANY`, the function from the
            statistic to its values.
        better: Which values are better; None: neither.
        by_class: Whether it has a value for each of several classes, steps or outputs.
        usual: Whether it is computed when the spec names no metrics.
        share: If it is a share of examples: how many it counts, among how many.
        paired: Whether it is a share of the same examples for every model, all or those of a
            label: then two models differ by the examples that only one of them has right.
        range: The smallest and the largest value that it can have.
    """

    description: str
    statistic: type[Statistic]
    values: Mapping[str, Callable[[Any], Any]]
    better: Direction | None = None
    by_class: bool = False
    usual: bool = False
    share: Callable[[Any], Share] | None = None
    paired: bool = False
    range: Range = (-math.inf, math.inf)

    def fits(self, family: str) -> bool:
        """Tells whether it is one for a family of tasks."""
        return family in self.values or ANY in self.values

    def compute(self, family: str, kept: Any) -> Any:
        """Returns its values, [r, ...]; see `tfline.metrics.statistic`.

        Args:
            family: Of the task.
            kept: The statistic of the examples.
        """
        return self.values[family if family in self.values else ANY](kept)


def _of_several(value: Callable[[Any], Any]) -> Mapping[str, Callable[[Any], Any]]:
    """Returns the values of a metric of one class of several."""
    return {"multiclass": value, "ordinal": value}


def _of_class(value: classes.ByClass) -> Mapping[str, Callable[[Any], Any]]:
    """Returns the values of a metric of the positive class, or of each of several classes."""
    return {
        "binary": partial(classes.of_class_one, value),
        **_of_several(value),
        "multilabel": value,
    }


def _macro(value: classes.ByClass) -> Mapping[str, Callable[[Any], Any]]:
    return {
        **_of_several(partial(classes.macro, value)),
        "multilabel": partial(classes.macro_of_all, value),
    }


def _weighted(value: classes.ByClass) -> Mapping[str, Callable[[Any], Any]]:
    mean = partial(classes.weighted, value)
    return {**_of_several(mean), "multilabel": mean}


def _of_numbers(value: Callable[[Any], Any]) -> Mapping[str, Callable[[Any], Any]]:
    return {"regression": value, "forecast": value}


def _micro(share: Callable[[Any], Share]) -> Mapping[str, Callable[[Any], Any]]:
    return {
        **_of_several(classes.accuracy),
        "multilabel": partial(classes.micro, share),
    }


METRICS: Mapping[str, Metric] = {
    # Classes.
    "accuracy": Metric(
        "share of examples whose class was predicted",
        Classes,
        {"binary": classes.accuracy, **_of_several(classes.accuracy)},
        better="larger",
        usual=True,
        share=classes.right_of_all,
        paired=True,
        range=SHARE,
    ),
    "precision": Metric(
        "share of the predictions of a class that are right",
        Classes,
        _of_class(classes.precision),
        better="larger",
        by_class=True,
        usual=True,
        share=classes.right_of_predicted,
        range=SHARE,
    ),
    "recall": Metric(
        "share of the examples of a class that were found",
        Classes,
        _of_class(classes.recall),
        better="larger",
        by_class=True,
        usual=True,
        share=classes.right_of_labelled,
        paired=True,
        range=SHARE,
    ),
    "f1": Metric(
        "harmonic mean of precision and recall of a class",
        Classes,
        _of_class(classes.f1),
        better="larger",
        by_class=True,
        usual=True,
        range=SHARE,
    ),
    "specificity": Metric(
        "share of the negative examples recognised as such",
        Classes,
        {"binary": classes.specificity},
        better="larger",
        share=classes.right_of_negative,
        paired=True,
        range=SHARE,
    ),
    "false_positive_rate": Metric(
        "share of the negative examples taken for positive",
        Classes,
        {"binary": classes.false_positive_rate},
        better="smaller",
        share=classes.wrong_of_negative,
        paired=True,
        range=SHARE,
    ),
    "macro_precision": Metric(
        "precision, mean over the classes",
        Classes,
        _macro(classes.precision),
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "macro_recall": Metric(
        "recall, mean over the classes",
        Classes,
        _macro(classes.recall),
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "macro_f1": Metric(
        "F1, mean over the classes",
        Classes,
        _macro(classes.f1),
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "weighted_precision": Metric(
        "precision, mean over the examples' classes",
        Classes,
        _weighted(classes.precision),
        better="larger",
        range=SHARE,
    ),
    "weighted_recall": Metric(
        "recall, mean over the examples' classes",
        Classes,
        _weighted(classes.recall),
        better="larger",
        range=SHARE,
    ),
    "weighted_f1": Metric(
        "F1, mean over the examples' classes",
        Classes,
        _weighted(classes.f1),
        better="larger",
        range=SHARE,
    ),
    "micro_precision": Metric(
        "precision over all decisions; with one class an example it equals accuracy",
        Classes,
        _micro(classes.right_of_predicted),
        better="larger",
        range=SHARE,
    ),
    "micro_recall": Metric(
        "recall over all decisions; with one class an example it equals accuracy",
        Classes,
        _micro(classes.right_of_labelled),
        better="larger",
        range=SHARE,
    ),
    "micro_f1": Metric(
        "F1 over all decisions; with one class an example it equals accuracy",
        Classes,
        {**_of_several(classes.accuracy), "multilabel": classes.micro_f1},
        better="larger",
        range=SHARE,
    ),
    "subset_accuracy": Metric(
        "share of examples with all classes right",
        Sets,
        {"multilabel": label_sets.subset_accuracy},
        better="larger",
        usual=True,
        share=label_sets.equal_of_all,
        range=SHARE,
    ),
    "hamming_loss": Metric(
        "share of the decisions about a class that are wrong",
        Sets,
        {"multilabel": label_sets.hamming_loss},
        better="smaller",
        usual=True,
        range=SHARE,
    ),
    "top_3_accuracy": Metric(
        "share of examples whose class is among the 3 most probable",
        Ranks,
        _of_several(partial(ranking.top_accuracy, 3)),
        better="larger",
        range=SHARE,
    ),
    "top_5_accuracy": Metric(
        "share of examples whose class is among the 5 most probable",
        Ranks,
        _of_several(partial(ranking.top_accuracy, 5)),
        better="larger",
        range=SHARE,
    ),
    "confusion_matrix": Metric(
        "how often each class was taken for each other",
        Confusion,
        {"binary": classes.confusion_matrix, **_of_several(classes.confusion_matrix)},
        usual=True,
    ),
    "rank_mae": Metric(
        "how many ranks the predicted class is off, mean; the lowest class has rank 0",
        Confusion,
        {"ordinal": ranks.rank_mae},
        better="smaller",
        usual=True,
        range=POSITIVE,
    ),
    "quadratic_kappa": Metric(
        "agreement beyond chance, by the squared distance of ranks; 1 is perfect, 0 is chance",
        Confusion,
        {"ordinal": ranks.quadratic_kappa},
        better="larger",
        usual=True,
        range=(-1.0, 1.0),
    ),
    # Probabilities.
    "auc": Metric(
        "area under the ROC curve",
        Scores,
        {"binary": scores.auc},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "pr_auc": Metric(
        "average precision, the area under the precision-recall curve",
        Scores,
        {"binary": scores.pr_auc},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "log_loss": Metric(
        "mean negative log-likelihood of the labels",
        LogLoss,
        {"binary": likelihood.log_loss, **_of_several(likelihood.log_loss)},
        better="smaller",
        usual=True,
        range=POSITIVE,
    ),
    "calibration": Metric(
        "mean prediction / mean label; 1 is right",
        ErrorMoments,
        {"binary": number_errors.calibration},
        usual=True,
        range=POSITIVE,
    ),
    # Numbers.
    "rmse": Metric(
        "root of the mean squared error",
        ErrorMoments,
        {**_of_numbers(number_errors.rmse), "image": number_errors.rmse},
        better="smaller",
        usual=True,
        range=POSITIVE,
    ),
    "mae": Metric(
        "mean absolute error",
        ErrorMoments,
        {**_of_numbers(number_errors.mae), "image": number_errors.mae},
        better="smaller",
        usual=True,
        range=POSITIVE,
    ),
    "mse": Metric(
        "mean squared error",
        ErrorMoments,
        {**_of_numbers(number_errors.mse), "image": number_errors.mse},
        better="smaller",
        range=POSITIVE,
    ),
    "mae_of_each": Metric(
        "mean absolute error of each step of a forecast, or of each output",
        ErrorsOfEach,
        _of_numbers(number_errors.mae_of_each),
        better="smaller",
        by_class=True,
        range=POSITIVE,
    ),
    "rmse_of_each": Metric(
        "root of the mean squared error of each step, or of each output",
        ErrorsOfEach,
        _of_numbers(number_errors.rmse_of_each),
        better="smaller",
        by_class=True,
        range=POSITIVE,
    ),
    "r2": Metric(
        "share of the labels' variance that is explained",
        ErrorMoments,
        {"regression": number_errors.r2},
        better="larger",
        usual=True,
        range=(-math.inf, 1.0),
    ),
    # Forecasts.
    "mase": Metric(
        "mean absolute error / that of the naive forecast one step ahead",
        HorizonErrors,
        {"forecast": forecasts.mase},
        better="smaller",
        usual=True,
        range=POSITIVE,
    ),
    "mase_of_each": Metric(
        "mean absolute error at each step / that of the naive forecast one step ahead",
        HorizonErrors,
        {"forecast": forecasts.mase_of_each},
        better="smaller",
        by_class=True,
        range=POSITIVE,
    ),
    # Labels and predictions themselves.
    "mean_label": Metric(
        "mean of the labels",
        ErrorMoments,
        {"binary": number_errors.mean_label, "regression": number_errors.mean_label},
    ),
    "mean_prediction": Metric(
        "mean of the predictions",
        ErrorMoments,
        {"binary": number_errors.mean_prediction, "regression": number_errors.mean_prediction},
    ),
    # Texts.
    "exact_match": Metric(
        "share of texts that are equal to their reference",
        TextSums,
        {"text": texts.exact_match},
        better="larger",
        usual=True,
        share=texts.equal_of_all,
        paired=True,
        range=SHARE,
    ),
    "bleu": Metric(
        "overlap of words and their sequences with the references, 0 to 100",
        TextSums,
        {"text": texts.bleu},
        better="larger",
        usual=True,
        range=(0.0, 100.0),
    ),
    "perplexity": Metric(
        "exp of the mean negative log-likelihood of a token",
        TextSums,
        {"text": texts.perplexity},
        better="smaller",
        usual=True,
        range=(1.0, math.inf),
    ),
    # Images.
    "box_iou": Metric(
        "intersection of a box with that of its label, over their union; mean",
        Boxes,
        {"box": boxes.box_iou},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "class_accuracy": Metric(
        "share of boxes whose class was predicted",
        Boxes,
        {"box": boxes.class_accuracy},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "detection_rate": Metric(
        "share of boxes of the right class with an intersection over union of 0.5 at least",
        Boxes,
        {"box": boxes.detection_rate},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "map_50": Metric(
        "average precision of detections that overlap an object by a half; mean of the classes",
        Detections,
        {"boxes": detections.map_50},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "map_50_95": Metric(
        "average precision of detections; mean of the classes, and of overlaps from 0.5 to 0.95",
        Detections,
        {"boxes": detections.map_50_95},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "mask_iou": Metric(
        "pixels of a class that were found, over those of it or taken for it; mean of the classes",
        Pixels,
        {"mask": masks.mask_iou},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "pixel_accuracy": Metric(
        "share of pixels whose class was predicted",
        Pixels,
        {"mask": masks.pixel_accuracy},
        better="larger",
        usual=True,
        range=SHARE,
    ),
    "psnr": Metric(
        "peak signal-to-noise ratio of an image, in decibels; mean, 100 of equal images",
        Pictures,
        {"image": pictures.psnr},
        better="larger",
        usual=True,
        range=POSITIVE,
    ),
    "ssim": Metric(
        "structural similarity of an image with the one that it should be; mean",
        Pictures,
        {"image": pictures.ssim},
        better="larger",
        usual=True,
        range=(-1.0, 1.0),
    ),
    # All tasks.
    "example_count": Metric(
        "number of examples",
        Count,
        {ANY: statistic.example_count},
        usual=True,
        range=POSITIVE,
    ),
}


def is_custom(name: str) -> bool:
    """Whether `name` is the dotted path of a user's own metric."""
    return _DOTTED_PATH.fullmatch(name) is not None
