"""Which losses and metrics of Keras fit which task, why the others do not, and what is meant.

A class is the index of a class here, and an output is a probability: whatever compares one-hot
vectors, or scores, fits none. What does not fit is refused by its name, before anything is trained,
since most of it gives a number all the same:

    SparseCategoricalAccuracy of a binary task    the largest of one column is always its first
    BinaryAccuracy of many classes                counts each class for itself: 0.9 for ten of them
    CategoricalCrossentropy of an index           the index is taken for a probability
    MeanSquaredError of many classes              an index, broadcast against every probability
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

FAMILIES = (
    "binary",
    "multiclass",
    "ordinal",
    "multilabel",
    "regression",
    "forecast",
    "text",
    "box",
    "boxes",
    "mask",
    "image",
)
"""The families of tasks that the tables know."""

_TWO = ("binary", "multilabel")
_NUMBERS = ("regression", "forecast")
_MANY = ("multiclass", "ordinal")
_MANY_IN_TRAINING = (*_MANY, "mask", "text")
"""An output has a probability, or a logit, for each class, at each pixel or token."""


@dataclasses.dataclass(frozen=True)
class Fit:
    """What a loss or a metric fits.

    Attributes:
        families: Of tasks.
        reason: Why it fits no others.
        instead: By family, what is meant there.
    """

    families: tuple[str, ...]
    reason: str
    instead: Mapping[str, str] = dataclasses.field(default_factory=dict)


_ONE_EACH = "it is of one probability, and there is one for each class"
_LARGEST = (
    "it takes the largest of several probabilities, and of one column that is always the first"
)
_ONE_HOT = "it compares one-hot vectors, and a label is the index of a class"
_OF_NUMBERS = "it is of numbers"
_OF_SCORES = "it is of scores from -1 to 1, and outputs are probabilities"

_OF_LISTS = "it is of the list of numbers of each example"
_NO_THRESHOLD = (
    "without its argument `threshold` it takes the largest of several probabilities, and of one "
    "column that is always the first"
)

_ACCURACY = {
    **dict.fromkeys(_TWO, "BinaryAccuracy"),
    **dict.fromkeys(_MANY_IN_TRAINING, "SparseCategoricalAccuracy"),
}
_CROSSENTROPY = {
    **dict.fromkeys(_TWO, "BinaryCrossentropy"),
    **dict.fromkeys(_MANY_IN_TRAINING, "SparseCategoricalCrossentropy"),
}
_TOP = dict.fromkeys(_MANY_IN_TRAINING, "SparseTopKCategoricalAccuracy")
_ERROR = {
    **dict.fromkeys((*_NUMBERS, "image"), "MeanSquaredError"),
    **_ACCURACY,
}


def _all(names: str, fit: Fit) -> dict[str, Fit]:
    return dict.fromkeys(names.split(), fit)


METRICS: Mapping[str, Fit] = {
    **_all(
        "BinaryAccuracy BinaryIoU AUC FalseNegatives FalsePositives Precision "
        "PrecisionAtRecall Recall RecallAtPrecision SensitivityAtSpecificity "
        "SpecificityAtSensitivity TrueNegatives TruePositives",
        Fit(_TWO, _ONE_EACH, _ERROR),
    ),
    **_all("F1Score FBetaScore", Fit(("multilabel",), _NO_THRESHOLD, _ERROR)),
    **_all("BinaryCrossentropy BinaryFocalCrossentropy", Fit(_TWO, _ONE_EACH, _CROSSENTROPY)),
    **_all("Hinge SquaredHinge", Fit(_TWO, _ONE_EACH, _CROSSENTROPY)),
    **_all("SparseCategoricalAccuracy", Fit(_MANY, _LARGEST, _ERROR)),
    **_all("SparseTopKCategoricalAccuracy", Fit(_MANY, _LARGEST, _ERROR)),
    **_all("SparseCategoricalCrossentropy", Fit(_MANY, _LARGEST, _CROSSENTROPY)),
    **_all("CategoricalAccuracy", Fit((), _ONE_HOT, _ERROR)),
    **_all("TopKCategoricalAccuracy", Fit((), _ONE_HOT, _TOP)),
    **_all(
        "CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge KLDivergence",
        Fit((), _ONE_HOT, _CROSSENTROPY),
    ),
    **_all("IoU MeanIoU OneHotIoU OneHotMeanIoU", Fit((), _ONE_HOT, _ACCURACY)),
    **_all(
        "Accuracy",
        Fit((), "it compares for equality, and outputs are probabilities or numbers", _ERROR),
    ),
    **_all(
        "Huber LogCosh LogCoshError MeanAbsolutePercentageError MeanSquaredLogarithmicError "
        "Poisson R2Score",
        Fit(_NUMBERS, _OF_NUMBERS, _ERROR),
    ),
    **_all(
        "ConcordanceCorrelation CosineSimilarity PearsonCorrelation",
        Fit(("forecast",), _OF_LISTS, _ERROR),
    ),
    **_all(
        "MeanAbsoluteError MeanSquaredError RootMeanSquaredError",  # of a probability: Brier's
        Fit((*_NUMBERS, *_TWO, "image"), _OF_NUMBERS, _ERROR),
    ),
}
"""The metrics of `keras.metrics`, by class; a function is named by the class of its name."""

_LOSS = {
    **dict.fromkeys(_TWO, "binary_crossentropy"),
    **dict.fromkeys(_MANY, "sparse_categorical_crossentropy"),
    **dict.fromkeys((*_NUMBERS, "image"), "mean_squared_error"),
}
_SCALED = "it sees a label that is scaled for training, which tfline's own loss of that name undoes"


def _named(name: str) -> Fit:
    """Returns that of a loss which has to know how labels are scaled, or outputs linked."""
    return Fit((), _SCALED, {**_LOSS, **dict.fromkeys(_NUMBERS, name)})


LOSSES: Mapping[str, Fit] = {
    **_all("BinaryCrossentropy BinaryFocalCrossentropy Dice Tversky", Fit(_TWO, _ONE_EACH, _LOSS)),
    **_all("SparseCategoricalCrossentropy", Fit(_MANY_IN_TRAINING, _LARGEST, _LOSS)),
    **_all(
        "CategoricalGeneralizedCrossEntropy",
        Fit((), "it broadcasts labels [batch, 1], as Keras makes them, against predictions", _LOSS),
    ),
    **_all(
        "CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge KLDivergence",
        Fit((), _ONE_HOT, _LOSS),
    ),
    **_all("Hinge SquaredHinge", Fit((), _OF_SCORES, _LOSS)),
    **_all(
        "MeanSquaredError MeanAbsoluteError Huber LogCosh",
        Fit((*_NUMBERS, *_TWO, "image"), _OF_NUMBERS, _LOSS),
    ),
    "CosineSimilarity": Fit(("forecast",), _OF_LISTS, _LOSS),
    "Poisson": _named("poisson"),
    "MeanAbsolutePercentageError": _named("mean_absolute_percentage_error"),
    "MeanSquaredLogarithmicError": _named("mean_squared_logarithmic_error"),
    **_all("CTC Circle", Fit((), "it is of sequences, or of embeddings", _LOSS)),
}
"""The losses of `keras.losses`, by class; a function is named by the class of its name."""


def class_name(name: str) -> str:
    """Returns the class of a function: ``mean_squared_error`` is that of ``MeanSquaredError``."""
    if not name.islower():
        return name
    camel = "".join(part.capitalize() for part in name.split("_"))
    known = {known.lower(): known for known in (*METRICS, *LOSSES)}
    return known.get(camel.lower(), camel)
